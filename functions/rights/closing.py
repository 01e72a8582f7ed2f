"""The intake of a bulk closure: so many people a minute, each a request of their own, until the list is through.

The mall asks, so nobody proves anything: an identifier of the list only counts where it leads to one account, and the
request is about that account. Its person is told before anything is done (`closed_by_mall`).
"""

from collections.abc import Callable

from rights.asking import Stores
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.rights import Channel, Right
from rights.errors import StaleWriteError
from rights.ledger import Ledger, NewRequest
from rights.ledger.bulk import Bulk, BulkStatus, Odd, OnList
from rights.settings import Settings
from rights.telemetry import logger


class ClosingSettings(Settings):
    """How many people are taken in every minute, of all lists together."""

    bulk_per_minute: int


class Closing:
    """One minute of all running bulk closures."""

    def __init__(self, ledger: Ledger, stores: Stores, per_minute: int) -> None:
        self._ledger = ledger
        self._stores = stores
        self._left = per_minute

    def run(self, time_is_up: Callable[[], bool]) -> dict[str, int]:
        """Take people in, the oldest list first; return how many, and how many lists are running."""
        counts = {"taken": 0, "running": 0, "failed": 0}
        for bulk in self._ledger.bulks():
            if bulk.status is not BulkStatus.RUNNING:
                continue
            counts["running"] += 1
            try:
                counts["taken"] += self._take_in(self._ledger.claim_bulk(bulk), time_is_up)
            except StaleWriteError:
                continue  # paused, stopped or taken over: whoever did so goes on from here
            except Exception:  # noqa: BLE001 - one list must not hold up the others; the next minute tries again
                counts["failed"] += 1
                logger.exception("bulk closure did not go on", extra={"code": "bulk_failed"})
        return counts

    def _take_in(self, bulk: Bulk, time_is_up: Callable[[], bool]) -> int:
        taken = 0
        for person in self._ledger.people(bulk.id, bulk.place):
            if self._left <= 0 or time_is_up():
                return taken
            bulk = self._one(bulk, person)
            self._left -= 1
            taken += 1
        self._ledger.move_bulk(bulk.id, BulkStatus.DONE, by="system")
        return taken

    def _one(self, bulk: Bulk, person: OnList) -> Bulk:
        accounts = self._accounts_of(bulk, person)
        if not accounts:
            return self._ledger.came_of(bulk, person, Odd.UNKNOWN)
        if len(accounts) > 1:
            return self._ledger.came_of(bulk, person, Odd.SEVERAL)
        # The same position is the same request, should this be cut off before it is recorded.
        key = self._ledger.hmac.tag_of("idempotency", "bulk", bulk.id, str(person.position))
        new = NewRequest(
            right=Right.DELETION,
            channel=Channel.BULK,
            locale=bulk.locale,
            typed={Kind.ACCOUNT.value: accounts[0]},
            proven=True,
            by=f"bulk:{bulk.id}",
            idempotency=key,
        )
        return self._ledger.came_of(bulk, person, "taken", self._ledger.open_request(new).request.id)

    def _accounts_of(self, bulk: Bulk, person: OnList) -> tuple[str, ...]:
        """The accounts an identifier leads to, as the stores have them now."""
        seed = {person.kind: person.value}
        keys = self._stores.resolve(bulk.id, seed)
        alone = keys == KeySet.of([Identifier(Kind(person.kind), person.value)])
        if not alone or person.kind != Kind.ACCOUNT:
            return keys.accounts
        return keys.accounts if self._holds_anything(bulk, keys) else ()

    def _holds_anything(self, bulk: Bulk, keys: KeySet) -> bool:
        """Whether any store of the mall has a row of an account that no store knows a contact of."""
        mall = (store.fides_key for store in self._stores.data_map.stores if store.rights.kind != "ledger")
        return any(sum(self._stores.count(bulk.id, store, keys).values()) for store in mall)
