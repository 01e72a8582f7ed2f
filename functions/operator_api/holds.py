"""Legal holds on a person, who is named by the operator and kept as a pseudonym: to place, look at and lift."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from operator_api.people import Operator
from rights.clock import Clock
from rights.domain.grounds import POLICY_JURISDICTION, latest_end, may_keep
from rights.domain.mall_time import MALL_TIME
from rights.errors import NotReadyError
from rights.http import ApiError, FieldProblem, not_valid
from rights.http_fields import Day
from rights.ledger import Hold, Ledger

EVERYTHING = ("user",)
"""The categories a hold keeps: no ground that serves some of them only can carry one."""


class NewHold(BaseModel):
    """The body of a hold: on whom (one of three), on which ground, up to and with which day."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    phone: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{6,14}$")
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    request_id: str | None = Field(default=None, max_length=26)
    ground: int = Field(ge=1, le=11, strict=True)
    until: Day

    @model_validator(mode="after")
    def _one_person(self) -> "NewHold":
        if sum(value is not None for value in (self.phone, self.email, self.request_id)) != 1:
            msg = "a hold names one phone, email or request"
            raise ValueError(msg)
        return self


class HoldDoors:
    """The doors to legal holds."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def place_hold(self, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """Place a hold, on a ground that these roles may keep data on and no longer than that may serve."""
        body = _new_hold(raw)
        subjects, jurisdiction = self._whom(body)
        self.refuse_own(subjects, who)
        today = self._clock().astimezone(MALL_TIME).date()
        if not _may_hold(who, body.ground, jurisdiction):
            raise not_valid({"ground": FieldProblem("ground_not_allowed")})
        if not today <= body.until <= latest_end(body.ground, today):
            raise not_valid({"until": FieldProblem("until_not_allowed")})
        return _shown(self._ledger.place_hold(subjects, ground=body.ground, until=body.until, by=who.id))

    def lift_hold(self, hold_id: str, who: Operator) -> dict[str, Any]:
        """Lift a hold, for whoever may place one on its ground; a second time changes nothing."""
        hold = self._ledger.hold(hold_id)
        self.refuse_own(hold.subjects, who)
        if not _may_hold(who, hold.ground, POLICY_JURISDICTION):
            raise ApiError("forbidden")
        return _shown(self._ledger.lift_hold(hold_id, by=who.id))

    def refuse_own(self, subjects: Collection[str], who: Operator) -> None:
        """ApiError `own_request` for somebody who is known by one of these pseudonyms."""
        if who.known_as.intersection(subjects):
            raise ApiError("own_request")

    def holds_of(self, request_id: str | None) -> dict[str, Any]:
        """The holds that stand on the person of a request."""
        if not request_id or len(request_id) > 26:
            raise not_valid({"request_id": FieldProblem("wrong_type")})
        return {"holds": [_shown(hold) for hold in self._ledger.holds_on(self._ledger.get(request_id).known_as)]}

    def _whom(self, body: NewHold) -> tuple[tuple[str, ...], str]:
        if body.request_id is None:
            kind, value = ("phone", body.phone) if body.phone else ("email", (body.email or "").lower())
            return (self._ledger.hmac.tag_of("subject", kind, str(value)),), POLICY_JURISDICTION
        request = self._ledger.get(body.request_id)
        if not request.known_as:
            raise NotReadyError("the person of this request is not resolved yet")
        return request.known_as, request.jurisdiction


def _may_hold(who: Operator, ground: int, jurisdiction: str) -> bool:
    return may_keep(ground, jurisdiction, by=who.uses_grounds_as, categories=EVERYTHING)


def _new_hold(raw: Mapping[str, Any]) -> NewHold:
    try:
        return NewHold.model_validate(raw)
    except ValidationError as error:
        names = {str(detail["loc"][0]) if detail["loc"] else "phone" for detail in error.errors(include_input=False)}
    raise not_valid({name: FieldProblem("wrong_type") for name in names})


def _shown(hold: Hold) -> dict[str, Any]:
    names = ("id", "ground", "until", "by", "placed_at", "lifted_at", "lifted_by")
    return {name: getattr(hold, name) for name in names}
