"""The lookup behind a proof of identity: which typed contacts are on file, so that codes go to those only."""

from rights.asking import Stores
from rights.domain.identity import Identifier, Kind
from rights.domain.rights import Requester
from rights.ledger import Ledger
from rights.ledger.identity import IDENTITY_WAIT, WAITING_FOR_PROOF
from rights.looking_up import look_up_hashes


def ask_for_proof(request_id: str, token: str, seconds: int, ledger: Ledger, stores: Stores) -> None:
    """Open the wait for a proof, and queue a code for every typed contact.

    A contact nobody has on file gets no message (`send_notice` drops it), yet counts as one sent: the request waits
    just as long, with the same tries and resends left, so that nothing outside tells the two apart. The wait is
    opened first: an answer may come before this returns.
    """
    ledger.open_wait(request_id, IDENTITY_WAIT, token, seconds)
    # Before the lookup, so that the word people see does not tell how the lookup went, or how long it took.
    request = ledger.ask_for_proof(request_id)
    if request.status not in WAITING_FOR_PROOF:
        return
    if not request.is_first_of_case:
        # Its case has one proof, that of the first request; it may have come before this wait was there.
        ledger.join_case(request_id)
        return
    look_up_hashes(request_id, ledger, stores)
    asked = ledger.asked_contacts(request_id)
    if request.requester is Requester.SELF:
        if ledger.private(request_id, "contacts") is None:
            known = {c: stores.recognise(request_id, Identifier(Kind(c), value)) for c, value in sorted(asked.items())}
            ledger.put_private(request_id, "contacts", {c: value for c, value in asked.items() if known[c]})
    else:
        # Whoever acts for another proves a contact of their own, which need not be on file anywhere.
        ledger.put_private(request_id, "contacts", asked)
    for channel, value in sorted(asked.items()):
        ledger.queue_first_code(request_id, channel, value)
