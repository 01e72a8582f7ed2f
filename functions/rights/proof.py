"""The lookup behind a proof of identity: which typed contacts are on file, so that codes go to those only."""

from rights.asking import Stores
from rights.domain.identity import Identifier, Kind
from rights.domain.status import Status
from rights.ledger import Ledger
from rights.ledger.identity import IDENTITY_WAIT
from rights.ledger.model import NoticeStatus


def ask_for_proof(request_id: str, token: str, seconds: int, ledger: Ledger, stores: Stores) -> None:
    """Open the wait for a proof, and queue a code for every typed contact.

    A contact nobody has on file gets no message (`send_notice` drops it), yet counts as one sent: the request waits
    just as long, with the same tries and resends left, so that nothing outside tells the two apart. The wait is
    opened first: an answer may come before this returns.
    """
    ledger.open_wait(request_id, IDENTITY_WAIT, token, seconds)
    if ledger.get(request_id).status is not Status.RECEIVED:
        return
    typed = ledger.private(request_id, "typed")["identifiers"]
    on_file = {
        channel: value
        for channel, value in sorted(typed.items())
        if stores.recognise(request_id, Identifier(Kind(channel), value))
    }
    ledger.put_private(request_id, "contacts", on_file)
    # A step that was cut off here comes again, and must not send a second code where it sent the first.
    queued = {
        notice.channel
        for notice in ledger.notices(request_id)
        if notice.kind == "code" and notice.status is not NoticeStatus.FAILED
    }
    for channel in typed.keys() - queued:
        ledger.queue_code(request_id, channel, typed[channel])
    ledger.ask_for_proof(request_id)
