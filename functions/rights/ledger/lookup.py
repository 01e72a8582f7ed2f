"""How an operator finds a request again: by what was typed of somebody, kept as a pseudonym, and by its short name.

What is found by a pseudonym may be unproven: strangers type whatever they like. It is for operators, who see of each
whether it was proven, and is never part of what a person is told about themselves.
"""

from collections.abc import Iterable, Mapping

from rights.ledger.model import Request
from rights.ledger.requests import Requests
from rights.ledger.table import Item

TYPED = ("phone", "email")


class Lookup(Requests):
    """Requests by a pseudonym of what was typed, and by their reference."""

    def tags_typed(self, *typed: Mapping[str, str]) -> list[str]:
        """The pseudonyms of all phones and emails that were typed."""
        found = {(kind, one[kind]) for one in typed for kind in TYPED if one.get(kind)}
        return sorted(self.hmac.tag_of("subject", kind, value) for kind, value in found)

    def requests_typed_with(self, pseudonym: str, *, most: int) -> list[str]:
        """The ids of requests in which this was typed, the newest first; the first of each case stands for all."""
        found = self.table.query_items(f"TYPED#{pseudonym}", "", newest_first=True, page=most)
        return [str(item["SK"].partition("#")[2]) for item, _ in zip(found, range(most), strict=False)]

    def requests_called(self, name: str) -> list[str]:
        """The ids of the requests of a reference: one, or by a rare chance two."""
        return [str(item["SK"]) for item in self.table.query_all(f"REFERENCE#{name}")]


def typed_keys(request_id: str, received_at: str, pseudonyms: Iterable[str]) -> list[Item]:
    """The items by which a request is found by what was typed."""
    return [{"PK": f"TYPED#{one}", "SK": f"{received_at}#{request_id}"} for one in pseudonyms]


def typed_keys_of(request: Request) -> list[Item]:
    """The same of a request that is there: they go when it does."""
    return typed_keys(request.id, request.received_at, request.typed_as)
