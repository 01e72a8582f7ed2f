"""What each route of the public door does, from a read body to the facts of an answer. No HTTP, no store."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from public_api.codes import code_of, right_or_error
from public_api.find_doors import FindDoors
from public_api.models import AnswerIn, CodeIn, ConfirmIn, RequestIn
from public_api.package_doors import PackageDoors
from public_api.packages import Files
from public_api.views import WAITING_FOR_PROOF, Shown, is_proven, may_know
from rights import status_token
from rights.clock import Clock, parse
from rights.domain.confirmation import Confirm
from rights.domain.own_records import Terms
from rights.domain.rights import Channel, Locale, Right
from rights.domain.status import Status, may_move
from rights.errors import UnknownRequestError
from rights.http import ApiError, FieldProblem, not_valid
from rights.ledger import Ledger, Request, Task
from rights.ledger.identity import NEW_CONTACT
from rights.ledger.model import CodeAnswer, CodeResult
from rights.secrets_hmac import Hmac

MIN_KEY, MAX_KEY = 16, 255
DEFAULT_TERMS = Terms()
_ANY_EPOCH = 1


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be named in a request: categories of data, and fields that can be corrected (from the data map)."""

    scope: tuple[str, ...]
    corrections: tuple[str, ...]


class PublicDoors(PackageDoors, FindDoors):
    """The doors, over the ledger and the files of closed requests."""

    def __init__(
        self, ledger: Ledger, hmac: Hmac, files: Files, clock: Clock, offer: Offer, *, terms: Terms = DEFAULT_TERMS
    ) -> None:
        self._ledger = ledger
        self._hmac = hmac
        self._files = files
        self._clock = clock
        self._terms = terms
        self.offer = offer

    def now(self) -> datetime:
        """The time now."""
        return self._clock()

    @staticmethod
    def nonce() -> str:
        """A random value that makes a form's second sending the same request."""
        return secrets.token_urlsafe(18)

    def take_in(self, body: RequestIn, locale: Locale, channel: Channel, key: str | None) -> tuple[Request, ...]:
        """Take a request or a case in, the first first. Reads no store: the same happens for everybody."""
        _refuse_bad_key(key)
        self._refuse_unknown_names(body)
        canonical = json.dumps(body.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        opened = self._ledger.open_request(
            replace(
                body.as_new(channel, locale),
                idempotency=self._hmac.tag_of("idempotency", key) if key else None,
                body_hmac=self._hmac.tag_of("body", canonical),
            )
        )
        return (opened.request, *opened.others)

    def _refuse_unknown_names(self, body: RequestIn) -> None:
        """Only what the data map knows can be named; nothing typed is repeated in the answer."""
        if not set(body.scope) <= set(self.offer.scope):
            raise not_valid({"scope": FieldProblem("unknown_scope")})
        if not set(body.changes) <= set(self.offer.corrections):
            raise not_valid({"changes": FieldProblem("unknown_change")})

    def case_of(self, request: Request) -> list[tuple[Request, str]]:
        """The other requests of the case, each with the token of its link."""
        found = (self._still_there(other) for other in request.case_requests if other != request.id)
        return [(other, self.link_token(other)) for other in found if other is not None]

    def _still_there(self, request_id: str) -> Request | None:
        """A request of the case, unless its records have ended before those of the others."""
        try:
            return self._ledger.get(request_id)
        except UnknownRequestError:
            return None

    def admit(self, request_id: str, token: str) -> Request:
        """The request, for a program that holds its status token."""
        return self._admit(request_id, token, status_token.is_valid)

    def admit_by_link(self, request_id: str, token: str) -> Request:
        """The request, for a browser that came by its link."""
        return self._admit(request_id, token, status_token.is_link)

    def _admit(self, request_id: str, token: str, is_good: Callable[[Hmac, str, int, str], bool]) -> Request:
        """The request, for who holds a good token.

        The same answer for a wrong token and for a request that does not exist: only a genuine token of a request that
        is gone learns that.
        """
        try:
            request = self._ledger.get(request_id)
        except UnknownRequestError:
            request = None
        epoch = request.epoch if request else _ANY_EPOCH
        if not is_good(self._hmac, request_id, epoch, token):
            raise ApiError("token_needed", headers={"WWW-Authenticate": "Bearer"})
        if request is None:
            raise ApiError("not_found")
        return request

    def token(self, request: Request) -> str:
        """The status token, for programs."""
        return status_token.issue(self._hmac, request.id, request.epoch)

    def link_token(self, request: Request) -> str:
        """The token of the link that people keep."""
        return status_token.issue_link(self._hmac, request.id, request.epoch)

    def renew_links(self, request: Request) -> tuple[Request, ...]:
        """Make new links and tokens for the request and its case, which is given, this request first."""
        return self._ledger.renew_links(request)

    def show(self, request: Request) -> Shown:
        """What may be shown of a request now."""
        clock = self._ledger.reading(request)
        if not is_proven(request):
            return Shown(request, clock=clock)
        tasks, notices = self._ledger.tasks(request.id), self._ledger.notices(request.id)
        told = self._told(request) | self._corrections(request, tasks)
        return Shown(request, tasks, notices, clock, told)

    def _told(self, request: Request) -> dict[str, Any]:
        """What an operator and the person told each other, and what a closure makes lapse: sealed until now."""
        parts = {
            "lapses": request.confirm == Confirm.CLOSURE and may_know(request),
            "question": request.status is Status.QUESTION,
            "answer": request.right is Right.COMPLAINT and request.is_decided,
        }
        told = {part: self._ledger.private(request.id, part) for part, may in parts.items() if may}
        return {part: value for part, value in told.items() if value}

    def _corrections(self, request: Request, tasks: Sequence[Task]) -> dict[str, Any]:
        """What became of each field that was to be corrected, store by store; never a value of one."""
        if request.right is not Right.CORRECTION or not Shown(request, tasks).stores:
            return {}
        done = [
            {"store": task.store, "field": one["subject"], "result": one["result"]}
            for task in tasks
            for one in self._ledger.private(request.id, f"corrected.{task.store}") or ()
        ]
        return {"corrections": done} if done else {}

    def code_asked_at(self, request: Request) -> datetime | None:
        """When a code was last asked for, alike for contacts that are on file and those that are not."""
        at = (self._ledger.codes(request.case_id) or {}).get("asked_at")
        return parse(at) if at else None

    def may_proceed(self, request: Request) -> bool:
        """True while one of two contacts is proven and the other is not."""
        return request.status in WAITING_FOR_PROOF and bool(self._ledger.proven(request.case_id))

    def enter_code(self, request: Request, body: CodeIn) -> CodeAnswer:
        """Try a code, or go on with what is proven; ApiError for a wrong one."""
        if body.proceed:
            if request.status not in WAITING_FOR_PROOF:
                raise ApiError("not_waiting_for_code")
            went_on = is_proven(self._ledger.proceed(request.case_id))
            return CodeAnswer(CodeResult.PROVEN if went_on else CodeResult.MORE_NEEDED)
        return right_or_error(self._ledger.try_code(request.case_id, code_of(body)))

    def resend(self, request: Request) -> None:
        """Queue another code for each contact that is not proven, on file or not: the limits are the same."""
        if request.status not in WAITING_FOR_PROOF:
            raise ApiError("not_waiting_for_code")
        if self._ledger.all_proven(request.case_id):
            self._ledger.proceed(request.case_id)
            return
        proven = self._ledger.proven(request.case_id)
        asked = self._ledger.asked_contacts(request.case_id)
        missing = [(channel, value) for channel, value in asked.items() if channel not in proven]
        queued = [self._ledger.queue_code(request.case_id, channel, value) for channel, value in missing]
        if not any(queued):
            raise ApiError("too_many_sends")

    def confirm(self, request: Request, body: ConfirmIn) -> Request:
        """Confirm a closure by agreeing, a new contact by the code that came to it; or send that code again."""
        if request.status is not Status.CONFIRM_NEEDED:
            raise ApiError("too_late" if request.confirmed_at is None else "already_confirmed")
        if request.confirm == Confirm.CLOSURE:
            if not body.agree:
                raise not_valid({"agree": FieldProblem("agree_missing")})
            return self._ledger.confirm_request(request.id)
        if self._ledger.new_contacts_proven(request.id):
            # The last code was taken, but whoever took it was cut off before the request went on.
            return self._ledger.confirm_request(request.id)
        if body.resend:
            if not self._ledger.ask_new_contacts(request.id, again=True):
                raise ApiError("too_many_sends")
            return request
        answer = right_or_error(self._ledger.try_code(request.id, code_of(body), NEW_CONTACT))
        return self._ledger.confirm_request(request.id) if answer.result is CodeResult.PROVEN else request

    def answer(self, request: Request, body: AnswerIn) -> Request:
        """Take the answer to the open question."""
        return self._ledger.answer_question(request.id, body.message)

    def withdraw(self, request: Request) -> Request:
        """Withdraw a request whose work has not begun; before the proof, with all others of its case."""
        withdrawn = self._ledger.withdraw(request.id)
        if request.is_first_of_case and request.status in WAITING_FOR_PROOF:
            for other, _ in self.case_of(request):
                if other.status in WAITING_FOR_PROOF:
                    self._ledger.withdraw(other.id)
        return withdrawn

    def may_be_stopped(self, token: str) -> bool:
        """Tell whether a stop link still stops something; an ApiError for one that is not ours."""
        return may_move(self._stoppable(token).status, Status.WITHDRAWN)

    def stop(self, token: str) -> Request:
        """Withdraw a request by the link that every contact on file was sent; twice is once."""
        return self._ledger.object_to(self._stoppable(token).id)

    def _stoppable(self, token: str) -> Request:
        if not status_token.may_stop(self._hmac, token):
            raise ApiError("not_found")
        return self._ledger.get(status_token.request_of(token))


def _refuse_bad_key(key: str | None) -> None:
    """Whoever guesses a key and its body gets the request of somebody else: keys are long."""
    if key is not None and not MIN_KEY <= len(key) <= MAX_KEY:
        code, limit = ("too_short", MIN_KEY) if len(key) < MIN_KEY else ("too_long", MAX_KEY)
        raise ApiError(code, fields={"Idempotency-Key": FieldProblem(code, {"limit": limit})})
