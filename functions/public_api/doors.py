"""What each route of the public door does, from a read body to the facts of an answer. No HTTP, no store."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from public_api.models import CodeIn, RequestIn
from public_api.packages import LINK_LIVES, Files, Link
from public_api.views import WAITING_FOR_PROOF, Shown, is_proven
from rights import status_token
from rights.clock import Clock, parse
from rights.domain.rights import Channel, Locale
from rights.domain.status import Status, may_move
from rights.errors import UnknownRequestError
from rights.http import ApiError, FieldProblem
from rights.ledger import Ledger, NewRequest, Request
from rights.ledger.model import CodeAnswer, CodeResult
from rights.secrets_hmac import Hmac, same

DOWNLOAD = "download"
CODE_LIVES = timedelta(minutes=15)
MAX_KEY = 255
_ANY_EPOCH = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """A request taken in, and the token that shows its status."""

    request_id: str
    token: str


class PublicDoors:
    """The doors, over the ledger and the files of closed requests."""

    def __init__(self, ledger: Ledger, hmac: Hmac, files: Files, clock: Clock) -> None:
        self._ledger = ledger
        self._hmac = hmac
        self._files = files
        self._clock = clock

    def now(self) -> datetime:
        """The time now."""
        return self._clock()

    @staticmethod
    def nonce() -> str:
        """A random value that makes a form's second sending the same request."""
        return secrets.token_urlsafe(18)

    def take_in(self, body: RequestIn, locale: Locale, channel: Channel, key: str | None) -> Taken:
        """Take a request in. Reads no store: the same happens for everybody."""
        if key is not None and len(key) > MAX_KEY:
            raise ApiError("too_long", fields={"Idempotency-Key": FieldProblem("too_long", {"limit": MAX_KEY})})
        canonical = json.dumps(body.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        opened = self._ledger.open_request(
            NewRequest(
                right=body.right,
                channel=channel,
                locale=body.locale or locale,
                typed=body.identifiers.typed(),
                jurisdiction=body.jurisdiction,
                message=body.message,
                idempotency=self._hmac.tag_of("idempotency", key) if key else None,
                body_hmac=self._hmac.tag_of("body", canonical),
            )
        )
        request = opened.request
        return Taken(request.id, status_token.issue(self._hmac, request.id, request.epoch))

    def admit(self, request_id: str, token: str | None) -> Request:
        """The request, for who holds its status token.

        The same answer for a wrong token and for a request that does not exist: only a genuine token of a request that
        is gone learns that.
        """
        try:
            request = self._ledger.get(request_id)
        except UnknownRequestError:
            request = None
        epoch = request.epoch if request else _ANY_EPOCH
        if not status_token.is_valid(self._hmac, request_id, epoch, token or ""):
            raise ApiError("token_needed", headers={"WWW-Authenticate": "Bearer"})
        if request is None:
            raise ApiError("not_found")
        return request

    def link_token(self, request: Request) -> str:
        """The token of the link that people keep."""
        return status_token.issue(self._hmac, request.id, request.epoch)

    def show(self, request: Request) -> Shown:
        """What may be shown of a request now."""
        if not is_proven(request):
            return Shown(request)
        return Shown(request, self._ledger.tasks(request.id), self._ledger.notices(request.id))

    def may_proceed(self, request: Request) -> bool:
        """True while one of two contacts is proven and the other is not."""
        return request.status in WAITING_FOR_PROOF and bool((self._ledger.codes(request.id) or {}).get("proven"))

    def enter_code(self, request: Request, body: CodeIn) -> bool:
        """Try a code, or go on with what is proven; tell whether identity is proven now."""
        if body.proceed:
            if request.status not in WAITING_FOR_PROOF:
                raise ApiError("not_waiting_for_code")
            return is_proven(self._ledger.proceed(request.id))
        answer = self._ledger.try_code(request.id, _code_of(body))
        return _right_or_error(answer).result is CodeResult.PROVEN

    def resend(self, request: Request) -> None:
        """Queue another code for each contact that is not proven, on file or not: the limits are the same."""
        if request.status not in WAITING_FOR_PROOF:
            raise ApiError("not_waiting_for_code")
        typed: Mapping[str, str] = (self._ledger.private(request.id, "typed") or {}).get("identifiers", {})
        proven = (self._ledger.codes(request.id) or {}).get("proven", [])
        if self._ledger.all_proven(request.id):
            self._ledger.proceed(request.id)
            return
        missing = [(channel, value) for channel, value in typed.items() if channel not in proven]
        queued = [self._ledger.queue_code(request.id, channel, value) for channel, value in missing]
        if not any(queued):
            raise ApiError("too_many_sends")

    def withdraw(self, request: Request) -> Request:
        """Withdraw a request whose work has not begun."""
        return self._ledger.withdraw(request.id)

    def may_be_stopped(self, token: str) -> bool:
        """Tell whether a stop link still stops something; an ApiError for one that is not ours."""
        return may_move(self._stoppable(token).status, Status.WITHDRAWN)

    def stop(self, token: str) -> Request:
        """Withdraw a request by the link that every contact on file was sent; twice is once."""
        return self._ledger.withdraw(self._stoppable(token).id, by="contact_on_file")

    def _stoppable(self, token: str) -> Request:
        if not status_token.may_stop(self._hmac, token):
            raise ApiError("not_found")
        return self._ledger.get(status_token.request_of(token))

    def ask_package_code(self, request: Request, *, again: bool) -> bool:
        """Send the code that a download needs, unless one is still good; tell whether one was sent now."""
        _package_of(request)
        self._ledger.begin_step_up(request.id, DOWNLOAD)
        if not again and self._code_is_out(request):
            return False
        contacts = self._ledger.proven_identifiers(request.id)
        channel = "phone" if "phone" in contacts else next(iter(contacts), None)
        if channel is None or not self._ledger.queue_code(request.id, channel, contacts[channel], DOWNLOAD):
            raise ApiError("too_many_sends")
        return True

    def _code_is_out(self, request: Request) -> bool:
        queued = [
            parse(notice.queued_at)
            for notice in self._ledger.notices(request.id)
            if notice.kind == "code" and notice.purpose == DOWNLOAD
        ]
        return bool(queued) and max(queued) + CODE_LIVES > self._clock()

    def open_package(self, request: Request, body: CodeIn) -> Link:
        """The link to the package, for a right code; the code is used up."""
        _package_of(request)
        _right_or_error(self._ledger.try_code(request.id, _code_of(body), DOWNLOAD))
        self._ledger.clear_proof(request.id, DOWNLOAD)
        return self._link(request)

    def package_pass(self, request: Request) -> str:
        """What a browser shows for a quarter of an hour after the right code, to get the link again."""
        until = str(int((self._clock() + LINK_LIVES).timestamp()))
        return f"{until}.{self._hmac.tag_of('package', request.id, until)}"

    def package_by_pass(self, request: Request, shown: str | None) -> Link | None:
        """The link for a browser whose pass is good; `None` if it has none."""
        until, _, tag = (shown or "").partition(".")
        if not until.isdecimal() or not same(tag, self._hmac.tag_of("package", request.id, until)):
            return None
        if int(until) <= self._clock().timestamp():
            return None
        return self._link(request)

    def certificate(self, request: Request) -> str:
        """The signed certificate of a closed request."""
        if request.certificate is None or not Shown(request).certificate_ready:
            raise ApiError("not_ready")
        return self._files.certificate(request.certificate)

    def _link(self, request: Request) -> Link:
        return self._files.package(_package_of(request), f"tinh-tinh-{status_token.reference(request.id)}.zip")


def _package_of(request: Request) -> str:
    if request.package is None or not Shown(request).package_ready:
        raise ApiError("not_ready")
    return request.package


def _code_of(body: CodeIn) -> str:
    if body.code is None:
        raise ApiError("code_missing", fields={"code": FieldProblem("code_missing")})
    return body.code


def _right_or_error(answer: CodeAnswer) -> CodeAnswer:
    match answer.result:
        case CodeResult.PROVEN | CodeResult.MORE_NEEDED:
            return answer
        case CodeResult.WRONG:
            raise ApiError("wrong_code", fields={"code": FieldProblem("wrong_code", {"tries_left": answer.tries_left})})
        case CodeResult.EXPIRED:
            raise ApiError("code_expired")
        case CodeResult.USED_UP:
            raise ApiError("too_many_tries")
        case CodeResult.NOT_WAITING:
            raise ApiError("not_waiting_for_code")
