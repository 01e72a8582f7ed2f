"""Confirmation: what the person has to agree to, or prove, besides who they are, before anything is done."""

from rights.domain.confirmation import Confirm
from rights.domain.review import LOGIN_CONTACTS
from rights.domain.status import Status
from rights.errors import IllegalTransitionError
from rights.ledger.identity import NEW_CONTACT, Identity
from rights.ledger.model import Request
from rights.ledger.requests import Change

CONFIRM_WAIT = "Confirm"


class Confirming(Identity):
    """The wait for a confirmation."""

    def ask_to_confirm(self, request_id: str, token: str, seconds: int) -> Request:
        """Begin to wait, and ask: a code to each new contact, or a notice that the page has something to confirm."""
        self.open_wait(request_id, CONFIRM_WAIT, token, seconds)

        def decide(request: Request) -> Change | None:
            may_come = request.status in {Status.VERIFIED, Status.IN_REVIEW} and request.may_be_confirmed
            if not may_come or request.is_confirmed:
                return None
            also = [self.notice_part(request_id, "confirm", channel) for channel in self.proven(request_id)]
            return Change(
                code="confirmation_asked",
                to=Status.CONFIRM_NEEDED,
                detail={"what": str(request.confirm)},
                also=also,
            )

        request = self.change(request_id, decide)
        if request.status is Status.CONFIRM_NEEDED and request.confirm == Confirm.NEW_CONTACT:
            self.ask_new_contacts(request_id, again=False)
        if request.is_final and (parts := self.answer_parts(request_id, CONFIRM_WAIT, {"outcome": "ended"})):
            self.table.transact(parts)
        return request

    def ask_new_contacts(self, request_id: str, *, again: bool) -> bool:
        """Queue a code to each new contact that is not proven yet; tell whether any was queued."""
        changes = self.private(request_id, "changes") or {}
        wanted = {channel: changes[channel]["to"] for channel in sorted(LOGIN_CONTACTS.intersection(changes))}
        self.begin_proof_of_new_contacts(request_id, list(wanted))
        state = self.codes(request_id, NEW_CONTACT) or {"proven": [], "asked": []}
        done = {*state["proven"], *(() if again else state.get("asked", ()))}
        missing = [(channel, value) for channel, value in wanted.items() if channel not in done]
        queued = [self.queue_code(request_id, channel, value, NEW_CONTACT) for channel, value in missing]
        return any(queued)

    def new_contacts_proven(self, request_id: str) -> bool:
        """Tell whether every contact that a correction brings is proven."""
        state = self.codes(request_id, NEW_CONTACT)
        return state is not None and set(state["typed"]) <= set(state["proven"])

    def confirm_request(self, request_id: str) -> Request:
        """Go on: the person agreed, or has proven the new contact; twice is once.

        IllegalTransitionError when nothing waits to be confirmed, or a new contact is not proven yet.
        """

        def decide(request: Request) -> Change | None:
            if request.confirmed_at is not None:
                return None
            unproven = request.confirm == Confirm.NEW_CONTACT and not self.new_contacts_proven(request_id)
            if request.status is not Status.CONFIRM_NEEDED or unproven:
                msg = f"a request that is {request.status} has nothing that can be confirmed now"
                raise IllegalTransitionError(msg)
            also = self.answer_parts(request_id, CONFIRM_WAIT, {"outcome": "verified"})
            sets = {"confirmed_at": self.now()} | self.revived(request)
            return Change(code="confirmed", by="person", to=Status.VERIFIED, sets=sets, also=also)

        return self.change(request_id, decide)
