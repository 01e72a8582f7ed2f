"""The connector for this ledger itself: a person's requests, what happened to each, and what they were told.

Everything here is kept as proof against a deletion, and ends by itself (`rights.domain.own_records`). So no row is ever
listed by a key for a later erasure, and nothing in this connector writes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from rights.datamap.model import StoreMap
from rights.domain.identity import Identifier, KeySet
from rights.domain.work import Disposition, Kept
from rights.errors import DataMapError, UnknownRequestError
from rights.ledger.model import Event, Notice, Request
from rights.secrets_hmac import Hmac
from rights.stores.contract import Change, Cursor, ErasurePage, Page, Plain
from rights.stores.rules import end_of
from rights.stores.shape import to_record

Row = dict[str, Any]

_KINDS = {"person": "person", "contact_on_file": "person", "system": "system", "sms_gateway": "system"}
"""Who acts, by kind; everybody else is an operator, of whom nothing more is told."""


class Book(Protocol):
    """What the connector reads of the ledger."""

    def requests_of(self, subjects: Iterable[str]) -> list[tuple[str, str]]:
        """When they came in, and the ids, of the requests of a person known by these pseudonyms, oldest first."""
        ...

    def get(self, request_id: str) -> Request:
        """The request, read consistently; UnknownRequestError without one."""
        ...

    def events(self, request_id: str) -> list[Event]:
        """The history of a request, oldest first."""
        ...

    def notices(self, request_id: str) -> list[Notice]:
        """The notices of a request, in the order in which they were queued."""
        ...


class OwnLedger(Plain):
    """The ledger as a store; a page is all rows of a few requests."""

    def __init__(self, store: StoreMap, book: Book, hmac: Hmac, page_size: int = 20) -> None:
        self._store = store
        self._book = book
        self._hmac = hmac
        self._page_size = page_size
        self._rows: dict[str, Callable[[Request], list[Row]]] = {
            "requests": lambda request: [_request_row(request)],
            "events": self._events,
            "notices": self._notices,
        }

    def collections(self) -> list[str]:
        """The collections, as the data map lists them."""
        return [collection.name for collection in self._store.collections]

    def recognise(self, identifier: Identifier) -> bool:
        """The ledger knows pseudonyms only: it has nobody's contact on file."""
        del identifier
        return False

    def locate(self, keys: KeySet) -> KeySet:
        """The ledger leads to no further identifiers."""
        return keys

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Requests of the person, their events and their notices."""
        counts = dict.fromkeys(self.collections(), 0)
        after: Cursor | None = None
        while True:
            requests, after = self._some(keys, after)
            for name in counts:
                counts[name] += sum(len(self._rows_of(name)(request)) for request in requests)
            if after is None:
                return counts

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """The rows of some of the person's requests, the running one too."""
        requests, following = self._some(keys, after)
        described, rows_of = self._store.collection(collection), self._rows_of(collection)
        records = [to_record(described, row, keys) for request in requests for row in rows_of(request)]
        return Page(records, following)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """Everything stays, on the ground the data map names: the proof of what was asked for and done."""
        requests, following = self._some(keys, after)
        rows_of = self._rows_of(collection)
        kept = [self._kept(collection, row, today) for request in requests for row in rows_of(request)]
        return ErasurePage([Change({}, Disposition.RETAIN, one) for one in kept], following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """Nothing: `plan_page` names no row by a key, so none is ever asked for."""
        del collection, keys, row_keys, today
        return ErasurePage()

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Nothing: `plan_page` only keeps."""
        del collection, keys, page

    def _some(self, keys: KeySet, after: Cursor | None) -> tuple[list[Request], Cursor | None]:
        """The next requests of the person, and where to go on."""
        subjects = {self._hmac.tag_of("subject", i.kind.value, i.value) for i in keys.values}
        places = self._book.requests_of(subjects)
        if after is not None:
            places = [place for place in places if place > (after["received_at"], after["id"])]
        some = places[: self._page_size]
        following = {"received_at": some[-1][0], "id": some[-1][1]} if len(places) > len(some) else None
        read = (self._read(request_id) for _, request_id in some)
        # What an index says is looked at again: a request is the person's only if its state says so.
        return [request for request in read if request is not None and request.subject in subjects], following

    def _read(self, request_id: str) -> Request | None:
        try:
            return self._book.get(request_id)
        except UnknownRequestError:
            return None  # its proof has ended just now

    def _rows_of(self, collection: str) -> Callable[[Request], list[Row]]:
        if collection not in self._rows:
            msg = "the ledger has no such collection"
            raise DataMapError(msg)
        return self._rows[collection]

    def _events(self, request: Request) -> list[Row]:
        return [
            {
                "request_id": request.id,
                "version": event.version,
                "at": event.at,
                "code": event.code,
                "by": _KINDS.get(event.by, "operator"),
                "status": event.status,
                "closed_at": request.closed_at,
            }
            for event in self._book.events(request.id)
        ]

    def _notices(self, request: Request) -> list[Row]:
        return [
            {
                "request_id": request.id,
                "notice": notice.id,
                "kind": notice.kind,
                "channel": notice.channel,
                "sent_at": notice.sent_at,
                "closed_at": request.closed_at,
            }
            for notice in self._book.notices(request.id)
        ]

    def _kept(self, collection: str, row: Row, today: str) -> Kept:
        term = self._store.collection(collection).rights.retention
        if term is None:
            msg = "a collection of the ledger says how long it is kept"
            raise DataMapError(msg)
        until = end_of(term, row["closed_at"], date.fromisoformat(today)).isoformat()
        # Never in the past: what is over and still there is ended by the next daily run, and by no erasure.
        return Kept(term.ground, max(today, until), 1, term.reason)


def _request_row(request: Request) -> Row:
    names = (
        "case_id", "right", "status", "outcome", "channel", "requester", "locale", "jurisdiction", "received_at",
        "due_at", "closed_at", "policy_version", "clock_rule", "data_map",
    )  # fmt: skip
    return {"request_id": request.id} | {name: getattr(request, name) for name in names}
