"""Affiliates' requests: found by the ids that their senders gave them, and counted by the day.

`AFFILIATE#<id>` / `<their request id>` is written in the transaction that takes a request in (`rights.ledger.intake`).
"""

from dataclasses import dataclass
from datetime import timedelta

from rights.domain.affiliates import Admission, admission
from rights.errors import UnknownRequestError
from rights.ledger.model import Request
from rights.ledger.requests import Requests
from rights.ledger.table import Item, Update


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as its affiliate knows it: ours, when it came, and the tag of the body it came with."""

    request: Request
    taken_at: str
    body_hmac: str


class Affiliates(Requests):
    """What affiliates sent."""

    def sent_by(self, affiliate: str, their_id: str) -> Sent | None:
        """The request that this affiliate sent under this id; `None` for one of nobody, of another, or of long ago."""
        item = self.table.get(affiliate_key(affiliate, their_id))
        if item is None or "case" not in item or item["expires"] <= int(self.clock().timestamp()):
            return None
        try:
            return Sent(self.get(item["case"][0]), item["taken_at"], item["body_hmac"])
        except UnknownRequestError:
            # Its proof has ended: it is only counted.
            return None

    def admit_one_more(self, affiliate: str, *, ceiling: int, most: int) -> Admission:
        """Count one more request of today, and say what becomes of it; the day is that of UTC.

        A request that is counted and then not taken in costs its sender a place, and nobody else anything.
        """
        update = Update(affiliate_key(affiliate, f"DAY#{self.now()[:10]}")).add("sent", 1)
        update.set(expires=int((self.clock() + timedelta(days=2)).timestamp()))
        update.when("attribute_not_exists({sent}) OR {sent} < {=most}", most=most)
        counted = self.table.update(update)
        return Admission.REFUSED if counted is None else admission(counted["sent"], ceiling=ceiling, most=most)


def affiliate_key(affiliate: str, sort: str) -> Item:
    """The key of an item of an affiliate."""
    return {"PK": f"AFFILIATE#{affiliate}", "SK": sort}
