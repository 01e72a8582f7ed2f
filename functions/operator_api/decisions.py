"""Decisions on requests in review: approve a plan whole or in part, refuse, ask the person, answer a complaint."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, TypeAdapter, ValidationError

from operator_api.approvals import missing_of
from operator_api.people import Operator
from rights.clock import Clock
from rights.domain.acting import ForWhom, Relation, evidence_needed, needed_after_all, still_missing
from rights.domain.evidence import EvidenceKind
from rights.domain.grounds import User, latest_end, may_keep, may_refuse
from rights.domain.mall_time import MALL_TIME
from rights.domain.review import Missing, is_answered_by_operator, may_lack_authority
from rights.domain.rights import ERASING, EXPORTING, Channel, Operation, Requester
from rights.domain.status import Status
from rights.http import ApiError, FieldProblem, not_valid
from rights.http_fields import Day
from rights.ledger import Ledger, Request, Task
from rights.ledger.reviews import LeftOut, Withheld

LONGEST_TEXT = 4000

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]
Ground = Annotated[int, Field(ge=1, le=11, strict=True)]


class _Decision(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Without(_Decision):
    """A store that is left out: on which ground, and (of an erasure) up to and with which day it is kept."""

    store: str = Field(max_length=100)
    ground: Ground
    until: Day | None = None


class Withhold(_Decision):
    """A collection that is not handed over, since it is about others too: on which ground."""

    store: str = Field(max_length=100)
    collection: str = Field(max_length=100)
    ground: Ground


class Approve(_Decision):
    """Approve the plan of this hash, without some of its stores, or collections of an export, or with all."""

    decision: Literal["approve"]
    plan: str = Field(max_length=64)
    without: tuple[Without, ...] = Field(default=(), max_length=100)
    withhold: tuple[Withhold, ...] = Field(default=(), max_length=100)


class Refuse(_Decision):
    """Refuse on a ground of the policy, or, without one, since nobody could make sure who may ask for this."""

    decision: Literal["refuse"]
    ground: Ground | None = None


class Ask(_Decision):
    """Ask the person something."""

    decision: Literal["ask"]
    text: Text


class Reply(_Decision):
    """Answer a complaint."""

    decision: Literal["answer"]
    text: Text


_DECISION: TypeAdapter[Approve | Refuse | Ask | Reply] = TypeAdapter(
    Annotated[Approve | Refuse | Ask | Reply, Discriminator("decision")]
)


class DecisionDoors:
    """The doors to decisions."""

    _ledger: Ledger
    _clock: Clock
    _time_to_answer: timedelta
    _categories: Mapping[str, Mapping[str, list[str]]]

    def decide(self, request_id: str, raw: Mapping[str, Any], who: Operator) -> Request:
        """Record a decision; ApiError names what does not allow it."""
        body = _decision(raw)
        request = self._ledger.get(request_id)
        if request.channel is Channel.OPERATOR and self._ledger.events(request_id)[0].by == who.id:
            raise ApiError("filed_by_you")
        answered = is_answered_by_operator(request.right)
        match body:
            case Ask():
                return self._ledger.ask(request_id, body.text, by=who.id, time_to_answer=self._time_to_answer)
            case Reply() if answered:
                if self.missing_evidence(request):
                    raise ApiError("evidence_missing")
                return self._ledger.approve(request_id, by=who.id, plan=str(request.plan), answer=body.text)
            case Refuse() if not answered or body.ground is None:
                return self._refuse(request, body, who)
            case Approve() if not answered:
                return self._approve(request, body, who)
        raise not_valid({"decision": FieldProblem("wrong_type")})

    def _refuse(self, request: Request, body: Refuse, who: Operator) -> Request:
        if body.ground is None:
            may = may_lack_authority(request.requester, request.review)
        elif (hold := self._ledger.hold_on(request.known_as)) and hold.ground == body.ground:
            may = True
        else:
            may = may_refuse(
                body.ground, request.right, request.jurisdiction, by=who.uses_grounds_as, purposes=request.purposes
            )
        if not may:
            raise not_valid({"ground": FieldProblem("ground_not_allowed")})
        return self._ledger.refuse(request.id, by=who.id, ground=body.ground)

    def _approve(self, request: Request, body: Approve, who: Operator) -> Request:
        if request.status is not Status.IN_REVIEW or request.decision is not None:
            raise ApiError("too_late")
        if request.plan != body.plan:
            raise ApiError("plan_changed")
        if request.right in ERASING and self._ledger.hold_on(request.known_as):
            raise ApiError("held")
        if self.missing_evidence(request):
            raise ApiError("evidence_missing")
        if request.requester is not Requester.SELF and request.accounts > 1:
            # Papers speak for one person; nobody can tell whose the other account is.
            raise ApiError("two_people")
        if any(approval["by"] == who.id for approval in request.approvals):
            raise ApiError("second_operator_needed")
        if missing_of(request) == Missing(1, by_approver=True) and not who.is_approver:
            raise ApiError("approver_needed")
        if len({one.store for one in body.without}) < len(body.without):
            raise not_valid({"without": FieldProblem("wrong_type")})
        left_out = [self._left_out(request, one, who.uses_grounds_as) for one in body.without]
        withheld = self._withheld(request, body, who.uses_grounds_as)
        return self._ledger.approve(
            request.id,
            by=who.id,
            plan=body.plan,
            left_out=left_out,
            withheld=withheld,
            as_approver=who.is_approver,
        )

    def missing_evidence(self, request: Request) -> tuple[EvidenceKind, ...]:
        """The documents that have not come, of those that whoever acts for another has to show.

        Where somebody says they act for a child, and by the data it is an adult, that is a court's document too.
        """
        if request.requester is Requester.SELF:
            return ()
        told = self._ledger.private(request.id, "requester")
        if told is None:
            # Sealed data ends some time after the request, and whoever acted is forgotten with it.
            return ()
        for_whom = ForWhom(told["for"])
        needed = evidence_needed(request.requester, for_whom, Relation(told["relation"]))
        is_child = (self._ledger.private(request.id, "subject") or {}).get("is_child")
        after_all = needed_after_all(request.requester, for_whom, subject_is_child=is_child)
        needed = (*needed, after_all) if after_all else needed
        return still_missing(needed, self._ledger.evidence_received(request.id))

    def _left_out(self, request: Request, one: Without, roles: Collection[User]) -> LeftOut:
        task = next((task for task in self._ledger.tasks(request.id) if task.store == one.store), None)
        if task is None or task.operation is Operation.FREEZE:
            raise not_valid({"without": FieldProblem("unknown_store")})
        erases = request.right in ERASING
        may = (
            may_keep(one.ground, request.jurisdiction, by=roles, categories=self._categories_of(task))
            if erases
            else may_refuse(one.ground, request.right, request.jurisdiction, by=roles, purposes=request.purposes)
        )
        if not may:
            raise not_valid({"without": FieldProblem("ground_not_allowed")})
        today = self._clock().astimezone(MALL_TIME).date()
        until = one.until or latest_end(one.ground, today)
        if erases and not today <= until <= latest_end(one.ground, today):
            raise not_valid({"without": FieldProblem("until_not_allowed")})
        return LeftOut(one.store, one.ground, until.isoformat() if erases else None)

    def _withheld(self, request: Request, body: Approve, roles: Collection[User]) -> list[Withheld]:
        """What is withheld of an export; ApiError for a collection without records, or for anything but an export."""
        previews = {task.store: task.preview for task in self._ledger.tasks(request.id)}
        stores = {one.store for one in body.without}
        for one in body.withhold:
            if (
                request.right not in EXPORTING
                or one.store in stores
                or not previews.get(one.store, {}).get(one.collection)
            ):
                raise not_valid({"withhold": FieldProblem("unknown_collection")})
            if not may_refuse(one.ground, request.right, request.jurisdiction, by=roles):
                raise not_valid({"withhold": FieldProblem("ground_not_allowed")})
        if len({(one.store, one.collection) for one in body.withhold}) < len(body.withhold):
            raise not_valid({"withhold": FieldProblem("wrong_type")})
        return [Withheld(one.store, one.collection, one.ground) for one in body.withhold]

    def _categories_of(self, task: Task) -> set[str]:
        """The categories of data that a task is about, by the data map."""
        collections = self._categories.get(task.store.partition(".")[0], {})
        return {name for c, names in collections.items() if c in (task.collections or collections) for name in names}


def _decision(raw: Mapping[str, Any]) -> Approve | Refuse | Ask | Reply:
    try:
        return _DECISION.validate_python(dict(raw))
    except ValidationError as error:
        problems = {_field(detail["loc"]): _problem(detail) for detail in error.errors(include_input=False)}
    raise not_valid(problems)


def _problem(detail: Mapping[str, Any]) -> FieldProblem:
    if detail["type"] == "string_too_long":
        return FieldProblem("too_long", {"limit": detail["ctx"]["max_length"]})
    return FieldProblem("wrong_type")


def _field(place: tuple[int | str, ...]) -> str:
    """The field an error is about, without the name of the kind of decision before it."""
    rest = [str(part) for part in place if part not in {"approve", "refuse", "ask", "answer"}]
    return rest[0] if rest else "decision"
