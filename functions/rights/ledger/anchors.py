"""The anchors of the audit: which histories have grown since a digest named their heads, and where the digests stand.

A change of a request marks it in the transaction that writes its event, and the mark goes when a digest with that very
head is safe. So nothing is missed, however late a digest comes, and none needs to know when the one before was made.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rights.domain.audit import START
from rights.errors import StaleWriteError
from rights.ledger.requests import Requests
from rights.ledger.table import SHARDS, Item, Update, request_key

_ANCHORS: Item = {"PK": "ANCHORS", "SK": "STATE"}


class Head(NamedTuple):
    """The newest event of a request: its version, and the hash that stands for the whole history up to it."""

    request_id: str
    version: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The newest digest: its number, the Phnom Penh date it is of, its hash, and whether its day has more to come."""

    number: int = 0
    day: str = ""
    hash: str = START
    more: bool = False


class Anchors(Requests):
    """The heads that no digest names yet, and the newest digest."""

    def unanchored(self) -> Iterator[Head]:
        """The heads that no digest has named yet, each as it is now."""
        for shard in range(SHARDS):
            marked = self.table.query_index("by_audit", "audit_shard", f"AUDIT#{shard}", "received_at", None)
            for key in marked:
                item = self.table.get({"PK": key["PK"], "SK": key["SK"]})
                if item is not None and "audit_shard" in item:
                    yield Head(item["id"], item["version"], item["head"])

    def anchored(self, heads: Iterable[Head]) -> None:
        """These heads are in a digest; a history that has grown since keeps its mark."""
        for head in heads:
            done = Update(request_key(head.request_id)).set(audit_shard=None)
            self.table.update(done.when("{version} = {=seen}", seen=head.version))

    def anchor(self) -> Anchor:
        """The newest digest; number 0 before the first."""
        item = self.table.get(_ANCHORS)
        return Anchor() if item is None else Anchor(**{name: item[name] for name in ("number", "day", "hash", "more")})

    def anchor_made(self, anchor: Anchor) -> None:
        """Record a digest that is safe; StaleWriteError when another run has recorded this number."""
        update = Update(_ANCHORS).set(number=anchor.number, day=anchor.day, hash=anchor.hash, more=anchor.more)
        update.set(made_at=self.now())
        before = anchor.number - 1
        update.when("attribute_not_exists(PK)") if before == 0 else update.when("{number} = {=before}", before=before)
        if self.table.update(update) is None:
            msg = "another run has recorded this digest"
            raise StaleWriteError(msg)
