"""Tombstones: what was erased from which store, for as long as a backup of the store could bring it back.

One item for each page of an erasure, not one for each row: the keys of its rows lie sealed in it, with the person's key
set, so that a replay can ask the store for just these rows. A hash of each key would name no row either, but then a
replay would have to read and hash every row of the store. Items end by their TTL, which comes late: whoever reads them
leaves those out that are over.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rights.domain.mall_time import today_in_the_mall
from rights.domain.tombstone import Tombstone
from rights.domain.work import Disposition
from rights.ledger.requests import Requests
from rights.ledger.table import Item, request_key


class Tombstones(Requests):
    """What was erased, and may come back."""

    def bury(self, request_id: str, stones: Sequence[Tombstone], days: int) -> None:
        """Remember what was just erased for a request, for as long as backups live; the same name is written again."""
        if not stones:
            return
        now = self.clock()
        known_as = list((self.table.get(request_key(request_id)) or {}).get("known_as", ()))
        ends = {"erased_at": self.now(), "expires": int((now + timedelta(days=days)).timestamp())}
        self.table.put_many(
            [
                {"PK": _partition(stone.store), "SK": f"{today_in_the_mall(now)}#{_name(stone)}"}
                | {"operation": stone.operation, "count": len(stone), "known_as": known_as}
                | {"sealed": self.sealer.seal(request_id, {"keys": stone.keys, "columns": dict(stone.columns)})}
                | ends
                for stone in stones
            ]
        )

    def tombstones(self, store: str, after: str = "") -> Iterator[str]:
        """The places of a store's tombstones that are not over, oldest day first, after a place if one is given."""
        now = int(self.clock().timestamp())
        for item in self.table.query_span(_partition(store), after or "0", "~", ("SK", "expires")):
            if item["expires"] > now and item["SK"] != after:
                yield item["SK"]

    def tombstone(self, store: str, place: str) -> Tombstone | None:
        """A tombstone, opened; `None` once it has ended."""
        item: Item | None = self.table.get({"PK": _partition(store), "SK": place})
        if item is None:
            return None
        _, request_id, order, collection, label = place.split("#", 4)
        sealed = self.sealer.open(request_id, item["sealed"])
        return Tombstone(
            request_id=request_id,
            store=store,
            collection=collection,
            order=int(order),
            label=label,
            operation=Disposition(item["operation"]),
            keys=sealed["keys"],
            columns=sealed["columns"],
            erased_at=item["erased_at"],
            known_as=tuple(item["known_as"]),
        )


def _partition(store: str) -> str:
    return f"TOMBSTONE#{store}"


def _name(stone: Tombstone) -> str:
    return f"{stone.request_id}#{stone.order:03d}#{stone.collection}#{stone.label}"
