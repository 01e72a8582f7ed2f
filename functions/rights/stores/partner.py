"""The connector for partners who speak OpenDSR: stores of others, of which no row is ever seen.

What is done there is asked for (`rights.stores.opendsr.asking`); to whatever else a store is asked it has nothing to
say: it has nobody's contact on file, leads to no identifier, and counts no records.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rights.datamap.model import StoreMap
from rights.domain.identity import Identifier, KeySet
from rights.stores.contract import Connector, Cursor, ErasurePage, Page, Plain
from rights.stores.roles import Roles


def connect(store: StoreMap, _roles: Roles) -> Connector:
    """The connector of a partner, which is reached under no role."""
    return PartnerConnector(store)


class PartnerConnector(Plain):
    """A partner, as a `Connector` without rows."""

    def __init__(self, store: StoreMap) -> None:
        self._store = store

    def collections(self) -> list[str]:
        """The one collection: what was shared."""
        return [collection.name for collection in self._store.collections]

    def recognise(self, identifier: Identifier) -> bool:
        """No partner is asked whom it knows."""
        del identifier
        return False

    def locate(self, keys: KeySet) -> KeySet:
        """No partner leads to further identifiers."""
        return keys

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Unknown, and so none."""
        del keys
        return dict.fromkeys(self.collections(), 0)

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """Nothing."""
        del collection, keys, after
        return Page([], None)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """Nothing: what a partner erases it says itself."""
        del collection, keys, after, today
        return ErasurePage()

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """Nothing: no row of a partner is ever kept by us."""
        del collection, keys, row_keys, today
        return ErasurePage()

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Nothing."""
        del collection, keys, page
