"""What an affiliate's word is turned into before anybody is asked, or anything is done, in a person's name.

A hash is looked up among the contacts on file, by indexes that the data map names. Of contacts that an affiliate
vouches for, only those on file are told anything: whoever stands beside the person in its request must not hear of
their data.
"""

from rights.asking import Stores
from rights.domain.identity import Identifier, Kind
from rights.ledger import Ledger, Request


def look_up_hashes(request_id: str, ledger: Ledger, stores: Stores) -> None:
    """Find the contacts that a request names by hashes only; a second call finds them found."""
    hashed = ledger.unknown_hashes(request_id)
    if not hashed:
        return
    found = {kind: stores.unhash(request_id, Kind(kind), one) for kind, one in sorted(hashed.items())}
    ledger.hashes_looked_up(request_id, {kind: value for kind, value in found.items() if value is not None})


def settle_asserted(request: Request, ledger: Ledger, stores: Stores) -> None:
    """Take an affiliate's word for the contacts of its request that are on file; a second call changes nothing."""
    if not request.is_asserted or ledger.private(request.id, "contacts") is not None:
        return
    asked = ledger.asked_contacts(request.id)
    known = {c: stores.recognise(request.id, Identifier(Kind(c), value)) for c, value in sorted(asked.items())}
    ledger.assert_contacts(request.id, {c: value for c, value in asked.items() if known[c]})
