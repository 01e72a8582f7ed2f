"""A fresh code from somebody who proved who they are before, and what their browser may do for a while after it."""

from datetime import datetime, timedelta

from public_api.codes import code_of, right_or_error
from public_api.models import CodeIn
from rights.clock import Clock, parse
from rights.http import ApiError
from rights.ledger import Ledger, Request
from rights.ledger.identity import CODE_LIVES, LOOK
from rights.notices.i18n import N_
from rights.secrets_hmac import Hmac, same

LOOK_LIVES = timedelta(hours=1)
SENDS_USED_UP = N_(
    "We have sent as many codes as we may in one day. Come back in 24 hours, or contact customer service."
)
A_DAY = {"Retry-After": "86400"}
_MASK = "***"


class StepUpDoors:
    """Codes of a fresh proof, and passes: what a browser shows for a while instead of another code."""

    _ledger: Ledger
    _hmac: Hmac
    _clock: Clock

    def ask_code(self, request: Request, purpose: str, *, again: bool) -> bool:
        """Send a code to a proven contact, unless one is still good; tell whether one was sent now."""
        self._ledger.begin_step_up(request.id, purpose)
        if not again and self.code_is_out(request, purpose):
            return False
        contacts = self._ledger.proven_contacts(request.id)
        channel = "phone" if "phone" in contacts else next(iter(contacts), None)
        if channel is None or not self._ledger.queue_code(request.id, channel, contacts[channel], purpose):
            raise ApiError("too_many_sends", text=SENDS_USED_UP, headers=A_DAY)
        return True

    def code_is_out(self, request: Request, purpose: str) -> bool:
        """True while a code of this purpose may still arrive, or be entered."""
        queued = [
            parse(notice.queued_at)
            for notice in self._ledger.notices(request.id)
            if notice.kind == "code" and notice.purpose == purpose
        ]
        return bool(queued) and max(queued) + CODE_LIVES > self._clock()

    def take_code(self, request: Request, body: CodeIn, purpose: str) -> None:
        """Take the code of a fresh proof; it is used up. ApiError for a wrong one."""
        right_or_error(self._ledger.try_code(request.id, code_of(body), purpose), anew_in_a_day=True)
        self._ledger.clear_proof(request.id, purpose)

    def look_pass(self, request_id: str) -> str:
        """What a browser shows for an hour after a right code, to see everything about the request."""
        return self._pass(LOOK, request_id, LOOK_LIVES)

    def may_look(self, request: Request, shown: str | None) -> bool:
        """Tell whether the pass of a browser is good."""
        return self._pass_until(LOOK, request.id, shown) is not None

    def contacts_shown(self, request: Request) -> dict[str, str]:
        """The proven contacts by channel, as far as one has to see them to know which they are."""
        return {channel: _masked(contact) for channel, contact in self._ledger.proven_contacts(request.id).items()}

    def _pass(self, purpose: str, request_id: str, lives: timedelta) -> str:
        until = str(int((self._clock() + lives).timestamp()))
        return f"{until}.{self._hmac.tag_of(purpose, request_id, until)}"

    def _pass_until(self, purpose: str, request_id: str, shown: str | None) -> datetime | None:
        """Until when a pass is good; `None` for none, one that has ended, or one that is not ours."""
        until, _, tag = (shown or "").partition(".")
        good = until.isascii() and until.isdecimal() and len(until) <= 12
        if not good or not same(tag, self._hmac.tag_of(purpose, request_id, until)):
            return None
        ends = datetime.fromtimestamp(int(until), self._clock().tzinfo)
        return ends if ends > self._clock() else None


def _masked(contact: str) -> str:
    """Enough of a contact to know it again: the last three digits, or how name and domain of an address begin."""
    name, at, domain = contact.partition("@")
    if not at:
        return f"{_MASK}{contact[-3:]}"
    return f"{name[:1]}{_MASK}@{domain[:1]}{_MASK}"
