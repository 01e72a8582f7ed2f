"""What comes in by mail, by phone or at a counter: whoever asks has no page yet, and is told that it arrived."""

from rights.ledger.identity import Identity
from rights.ledger.model import Request
from rights.ledger.requests import Change


class Counter(Identity):
    """Requests that an operator takes in."""

    def acknowledge_intake(self, request_id: str) -> Request:
        """Tell every proven contact, once, that a request arrived; where a code proves, the proof tells it."""

        def decide(request: Request) -> Change | None:
            proven = self.proven(request_id)
            if request.is_final or not proven or any(n.kind == "received" for n in self.notices(request_id)):
                return None
            also = [self.notice_part(request_id, "received", channel) for channel in proven]
            return Change(code="told_received", also=also)

        return self.change(request_id, decide)
