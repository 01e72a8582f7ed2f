"""What comes back of notices: that one arrived, that one did not, and who is told then.

A notice that is owed to the person and did not arrive goes to their other proven contact, once; when no way is left, an
operator is asked to look. Of the networks' reports only the class of the cause is kept.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from rights.domain.notices import NOTICES, Audience
from rights.errors import NotReadyError, UnknownRequestError
from rights.ledger.model import Notice, NoticeStatus, Request
from rights.ledger.notices import ATTEMPTS, Notices
from rights.ledger.requests import Change
from rights.ledger.table import Item, Update, request_key

UNDELIVERED_NOTICE = "undelivered_notice"
_PUT_BY = "ATTENTION"


class Undelivered(Notices):
    """Notices that arrived or did not, and the requests that an operator has to look at because of it."""

    def notice_delivered(self, request_id: str, notice_id: str) -> None:
        """Record, once, that the network has delivered a notice; NotReadyError while it is still being sent."""
        if self.notice(request_id, notice_id) is None:
            return

        def decide(_: Request) -> Change | None:
            notice = self._handed_to_the_network(request_id, notice_id)
            if notice.status is NoticeStatus.UNDELIVERED or notice.delivered_at:
                return None
            update = Update(self._key(request_id, notice_id)).set(delivered_at=self.now())
            also = [self.table.update_op(update.when("{status} = {=was}", was=notice.status))]
            return Change(code="notice_delivered", detail={"notice": notice_id}, also=also)

        self.change(request_id, decide)

    def notice_undelivered(self, request_id: str, notice_id: str, cause: str) -> bool:
        """Record that a notice did not arrive, and tell the person in another way; `True` if an operator was asked.

        `cause` is a class, never a text of the network. The same report may come twice. NotReadyError while the notice
        is still being sent.
        """
        if self.notice(request_id, notice_id) is None:
            return False

        def decide(_: Request) -> Change | None:
            notice = self._handed_to_the_network(request_id, notice_id)
            if notice.status is NoticeStatus.UNDELIVERED:
                return None
            update = Update(self._key(request_id, notice_id))
            update.set(status=NoticeStatus.UNDELIVERED, error_class=cause, relay_at=None, relay_shard=None)
            also = [self.table.update_op(update.when("{status} = {=was}", was=notice.status)), *self._instead(notice)]
            return Change(code="notice_undelivered", detail={"notice": notice_id, "cause": cause}, also=also)

        self.change(request_id, decide)
        return self._ask_an_operator(request_id, notice_id)

    def _handed_to_the_network(self, request_id: str, notice_id: str) -> Notice:
        notice = self.notice(request_id, notice_id)
        if notice is None or notice.status is NoticeStatus.QUEUED or self.is_being_sent(notice):
            raise NotReadyError("the notice is still being sent")
        return notice

    def _instead(self, notice: Notice) -> list[Item]:
        """The same notice to the other proven contact, unless somebody was told of it or it goes to all on file."""
        if not NOTICES[notice.kind].is_legal or NOTICES[notice.kind].audience is Audience.ON_FILE:
            return []
        same = self._same(notice)
        if any(_may_arrive(other) for other in same if other.id != notice.id):
            return []
        tried = {other.channel for other in same}
        left = [channel for channel in self._proven(notice.request_id) if channel not in tried]
        number = _number(notice)
        return [
            self.notice_part(notice.request_id, notice.kind, channel, number=number, purpose=notice.purpose)
            for channel in left[:1]
        ]

    def _ask_an_operator(self, request_id: str, notice_id: str) -> bool:
        asked = False

        def decide(request: Request) -> Change | None:
            nonlocal asked
            asked = False
            notice = self._handed_to_the_network(request_id, notice_id)
            if notice.operator_asked_at or not self._is_owed_in_vain(notice):
                return None
            asked = True
            mark = Update(self._key(request_id, notice_id)).set(operator_asked_at=self.now())
            also = [self.table.update_op(mark.when("attribute_not_exists({operator_asked_at})"))]
            if request.attention is None:
                also.append(self.table.put_op(attention_key(request_id)))
            sets = {"attention": UNDELIVERED_NOTICE}
            detail = {"reason": UNDELIVERED_NOTICE, "notice": notice_id}
            return Change(code="operator_asked", sets=sets, detail=detail, also=also)

        self.change(request_id, decide)
        return asked

    def _is_owed_in_vain(self, notice: Notice) -> bool:
        """True when no notice of this kind can arrive any more. Who proved nothing is owed nothing."""
        if not NOTICES[notice.kind].is_legal or any(map(_may_arrive, self._same(notice))):
            return False
        return bool(self._proven(notice.request_id))

    def _same(self, notice: Notice) -> Sequence[Notice]:
        """The notices that tell the same: of contacts on file the number is the contact's, of others the occasion's."""
        to_all = NOTICES[notice.kind].audience is Audience.ON_FILE
        return [
            other
            for other in self.notices(notice.request_id)
            if (other.kind, other.purpose) == (notice.kind, notice.purpose)
            and (to_all or _number(other) == _number(notice))
        ]

    def _proven(self, request_id: str) -> list[str]:
        return list((self.table.get(request_key(request_id, "CODES#identity")) or {}).get("proven", ()))

    def needing_attention(self) -> Iterator[Request]:
        """The requests, ended ones too, that an operator was asked to look at and nobody has seen to."""
        for item in self.table.query_items(_PUT_BY, "REQUEST#"):
            # A request that nobody saw to until its proof ended is gone.
            with suppress(UnknownRequestError):
                yield self.get(item["SK"].removeprefix("REQUEST#"))

    def attention_seen(self, request_id: str, *, by: str) -> Request:
        """Record that an operator has seen to what a request was put by for; changes nothing when nothing was."""

        def decide(request: Request) -> Change | None:
            if request.attention is None:
                return None
            also = [self.table.delete_op(attention_key(request_id), "attribute_exists(PK)")]
            detail = {"reason": request.attention}
            return Change(code="attention_seen", by=by, sets={"attention": None}, detail=detail, also=also)

        return self.change(request_id, decide)


def _may_arrive(notice: Notice) -> bool:
    tried_out = notice.status is NoticeStatus.FAILED and notice.attempts >= ATTEMPTS
    return notice.status is not NoticeStatus.UNDELIVERED and not tried_out


def _number(notice: Notice) -> int:
    return int(notice.id.rpartition("-")[2])


def attention_key(request_id: str) -> Item:
    """Where a request lies that asks for attention."""
    return {"PK": _PUT_BY, "SK": f"REQUEST#{request_id}"}
