"""Legal holds on a person: while one stands, nothing of theirs is erased.

A hold names pseudonyms only. It lies under each of them, where the plan and the end of a retention look, and once under
its own id with who placed and who lifted it, which is kept as proof.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, timedelta

from rights.domain.mall_time import MALL_TIME
from rights.errors import UnknownRequestError
from rights.ledger.model import Hold
from rights.ledger.requests import Requests, new_request_id
from rights.ledger.table import Item, Update

MOST_SUBJECTS = 40
_PROOF_KEPT = timedelta(days=5 * 366)


class Holds(Requests):
    """Legal holds."""

    def place_hold(self, subjects: Sequence[str], *, ground: int, until: date, by: str) -> Hold:
        """Hold everything of a person up to and with a day."""
        hold = Hold(
            id=new_request_id(),
            ground=ground,
            until=until.isoformat(),
            by=by,
            placed_at=self.now(),
            subjects=tuple(dict.fromkeys(subjects))[:MOST_SUBJECTS],
        )
        facts = {f.name: getattr(hold, f.name) for f in fields(Hold)} | {"subjects": list(hold.subjects)}
        ends = int((self.clock() + _PROOF_KEPT + (until - self._day())).timestamp())
        records = [_record(hold.id), *(_under(subject, hold.id) for subject in hold.subjects)]
        self.table.transact([self.table.put_op(record | facts | {"expires": ends}) for record in records])
        return hold

    def lift_hold(self, hold_id: str, *, by: str) -> Hold:
        """End a hold, once; UnknownRequestError if there is none of this id."""
        hold = self.hold(hold_id)
        if hold.lifted_at is None:
            lifted = Update(_record(hold_id)).set(lifted_at=self.now(), lifted_by=by)
            gone = [self.table.delete_op(_under(subject, hold_id), "attribute_exists(PK)") for subject in hold.subjects]
            # Whoever loses this race finds the hold lifted.
            self.table.transact([self.table.update_op(lifted.when("attribute_not_exists({lifted_at})")), *gone])
        return self.hold(hold_id)

    def hold(self, hold_id: str) -> Hold:
        """A hold by its id, lifted ones too; UnknownRequestError without one."""
        item = self.table.get(_record(hold_id))
        if item is None:
            msg = "no hold has this id"
            raise UnknownRequestError(msg)
        return _hold(item)

    def holds_on(self, subjects: Iterable[str]) -> list[Hold]:
        """The holds that stand today on a person known by any of these pseudonyms, the longest first."""
        today = self._day().isoformat()
        found = (item for subject in subjects for item in self.table.query_items(f"HOLD#{subject}", "HOLD#"))
        standing = {item["id"]: _hold(item) for item in found if item["until"] >= today}
        return sorted(standing.values(), key=lambda hold: (hold.until, hold.id), reverse=True)

    def hold_on(self, subjects: Iterable[str]) -> Hold | None:
        """The hold that stands longest on a person, if any."""
        return next(iter(self.holds_on(subjects)), None)

    def _day(self) -> date:
        return self.clock().astimezone(MALL_TIME).date()


def _record(hold_id: str) -> Item:
    return {"PK": f"HOLD#{hold_id}", "SK": "STATE"}


def _under(subject: str, hold_id: str) -> Item:
    return {"PK": f"HOLD#{subject}", "SK": f"HOLD#{hold_id}"}


def _hold(item: Item) -> Hold:
    known = {f.name for f in fields(Hold)}
    raw = {name: value for name, value in item.items() if name in known}
    return Hold(**(raw | {"subjects": tuple(item["subjects"])}))
