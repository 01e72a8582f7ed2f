"""Tombstones of what a batch took out of a lake: for each person the objects that held their rows.

A row of a lake has no key to ask for, so that an object is what a replay looks through again, with the person's keys.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rights.datamap import StoreMap
from rights.domain.work import Disposition
from rights.ledger import Ledger
from rights.ledger.model import LakeMember
from rights.ledger.tombstones import Tombstone
from rights.stores.selection import erasure_order

OBJECTS_IN_A_STONE = 100
"""So many objects a replay looks through at once; of no person and collection more are held before they are buried."""

_Place = tuple[int, str, Disposition]


class Stones:
    """Gathers, object by object, what was taken out for whom, and buries it person by person."""

    def __init__(
        self, ledger: Ledger, store: StoreMap, batch_id: str, members: Sequence[LakeMember], days: int
    ) -> None:
        self._ledger = ledger
        self._store = store.fides_key
        self._order = erasure_order(store)
        self._batch_id = batch_id
        self._members = {member.number: member for member in members}
        self._days = days
        self._held: dict[_Place, list[str]] = {}
        self._buried: dict[_Place, int] = {}

    def add(self, collection: str, key: str, counts: Mapping[str, Sequence[Any]]) -> None:
        """Note an object and what its record says that went of each person: rows erased, rows anonymised."""
        for owner, told in counts.items():
            for operation, number in zip((Disposition.ERASE, Disposition.ANONYMISE), told, strict=False):
                if number and int(owner) in self._members:
                    place = (int(owner), collection, operation)
                    self._held.setdefault(place, []).append(key)
                    if len(self._held[place]) == OBJECTS_IN_A_STONE:
                        self._bury([place])

    def bury(self, owner: int) -> None:
        """Bury what is left of one person's; the same batch again writes the same places again."""
        places = ((owner, collection, what) for collection in self._order for what in Disposition)
        self._bury([place for place in places if place in self._held])

    def _bury(self, places: Sequence[_Place]) -> None:
        if not places:
            return
        member = self._members[places[0][0]]
        stones = [self._stone(member, place, self._held.pop(place)) for place in places]
        self._ledger.bury(member.request_id, stones, self._days)

    def _stone(self, member: LakeMember, place: _Place, objects: list[str]) -> Tombstone:
        _, collection, operation = place
        number = self._buried[place] = self._buried.get(place, 0) + 1
        return Tombstone(
            request_id=member.request_id,
            store=self._store,
            collection=collection,
            order=self._order.index(collection),
            label=f"{self._batch_id}.{operation}.{number:04d}",
            operation=operation,
            keys=member.keys.to_mapping(),
            columns={"object": objects},
        )
