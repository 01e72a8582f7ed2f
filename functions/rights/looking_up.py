"""What another's word is turned into before anybody is asked, or anything is done, in a person's name.

A hash is looked up among the contacts on file, by indexes that the data map names. Of contacts that an affiliate or an
operator vouches for, only those on file are told anything: whoever stands beside the person in the request must not
hear of their data.
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
    ledger.assert_contacts(request.id, _on_file(request.id, ledger, stores))


def settle_attested(request: Request, ledger: Ledger, stores: Stores) -> None:
    """Take an operator's word for the contacts of its request that are on file; a second call changes nothing.

    Beside one that leads to an account, one that leads to none is not that person's: somebody else's goods were sent
    there, and no code went there to say otherwise. Of several without any account nothing says that they are one's.
    """
    if request.attested is None or ledger.private(request.id, "contacts") is not None:
        return
    known = _on_file(request.id, ledger, stores)
    with_account = {c: value for c, value in known.items() if stores.resolve(request.id, {c: value}).accounts}
    ledger.assert_contacts(request.id, with_account or dict(list(known.items())[:1]))


def is_beside_the_file(request: Request, ledger: Ledger) -> bool:
    """Tell whether an operator vouched for a contact that is on nobody's file, or not on that of the person."""
    return request.attested is not None and ledger.proven_contacts(request.id) != ledger.asked_contacts(request.id)


def _on_file(request_id: str, ledger: Ledger, stores: Stores) -> dict[str, str]:
    """The contacts that are to be proven, as far as any store has them."""
    asked = ledger.asked_contacts(request_id)
    return {c: value for c, value in asked.items() if stores.recognise(request_id, Identifier(Kind(c), value))}
