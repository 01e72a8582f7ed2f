"""How many requests were closed in each week, how long they took, and whether in time: counted once each, for plots.

A request is counted by the daily run that looks after ended requests, when it meets one for the first time: nobody else
writes these counters, so that closing a request never waits for another's. What was closed since is counted on reading.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rights.clock import parse
from rights.domain.mall_time import MALL_TIME
from rights.ledger.endings import ENDS, Ending, ending_of
from rights.ledger.model import Request
from rights.ledger.requests import Requests, request_of
from rights.ledger.table import SHARDS, Item, Update, request_key

_WEEKS = "WEEKS"
LONGEST_DAYS = 200
"""What took longer counts as this."""
_NOT_COUNTED_YET = 1000
_DAYS = "days_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Requests of one right and outcome that were closed in one week (Phnom Penh time)."""

    begins: date
    """The Monday."""
    right: str
    outcome: str
    requests: int
    late: int
    days: dict[int, int]
    """How many took so many days."""


class Weeks(Requests):
    """The weeks."""

    def count_closed(self, ending: Ending, request: Request) -> None:
        """Count a request that was closed, once, whoever comes again."""
        one = closed_of(request)
        [day] = one.days
        counter = Update({"PK": _WEEKS, "SK": f"{one.begins}#{one.right}#{one.outcome}"})
        counter.add("requests", 1).add("late", one.late).add(f"{_DAYS}{day}", 1)
        mark = Update(request_key(ending.request_id, "END")).set(counted=True)
        mark.when("attribute_exists(PK) AND attribute_not_exists({counted})")
        self.table.transact([self.table.update_op(mark), self.table.update_op(counter)])

    def closed_since(self, monday: date) -> list[Closed]:
        """What was closed in this week and later: what is counted, and what no run has counted yet."""
        found = [_closed(item) for item in self.table.query_span(_WEEKS, str(monday), "~")]
        return found + [one for one in map(closed_of, self._not_counted()) if one.begins >= monday]

    def _not_counted(self) -> Iterator[Request]:
        """The requests that the daily run has not met; of very many only the first."""
        keys = [key for key, _ in zip(self._ending_now(), range(_NOT_COUNTED_YET), strict=False)]
        endings = [ending_of(item) for item in self.table.get_many(keys).values()]
        wanted = [request_key(one.request_id) for one in endings if not one.counted]
        for item in self.table.get_many(wanted).values():
            yield request_of(item)

    def _ending_now(self) -> Iterator[Item]:
        for shard in range(SHARDS):
            for item in self.table.query_index("by_due", "due_shard", f"{ENDS}#{shard}", "due_at", self.now()):
                yield {"PK": item["PK"], "SK": item["SK"]}


def closed_of(request: Request) -> Closed:
    """One closed request, as it is counted."""
    closed_at = parse(str(request.closed_at))
    days = min((closed_at - parse(request.received_at)).days, LONGEST_DAYS)
    return Closed(
        begins=monday_of(closed_at),
        right=request.right,
        outcome=request.status,
        requests=1,
        late=int(str(request.closed_at) > request.due_at),
        days={max(days, 0): 1},
    )


def monday_of(moment: datetime) -> date:
    """The Monday of a moment's week, in the mall's time."""
    day = moment.astimezone(MALL_TIME).date()
    return day - timedelta(days=day.weekday())


def mondays_until(moment: datetime, weeks: int) -> Sequence[date]:
    """The Mondays of the last weeks up to this moment's, oldest first."""
    last = monday_of(moment)
    return [last - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]


def _closed(item: Item) -> Closed:
    begins, right, outcome = str(item["SK"]).split("#")
    days = {int(name.removeprefix(_DAYS)): int(n) for name, n in item.items() if name.startswith(_DAYS)}
    return Closed(
        begins=date.fromisoformat(begins),
        right=right,
        outcome=outcome,
        requests=int(item["requests"]),
        late=int(item["late"]),
        days=days,
    )
