"""Requests that came by mail, by phone or at a counter, taken in by an operator, who says how they made sure who asks.

The clock starts when the request came. A code to the contact on file proves as everywhere; where an operator's word
stands in for it, it counts for contacts on file only, somebody else decides, and nobody decides on what they filed
themselves.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field, ValidationError

from operator_api.people import Operator, pseudonym
from operator_api.searching import SearchDoors
from rights.asked import RequestIn
from rights.domain.rights import Channel, Locale, Requester
from rights.http import ApiError, FieldProblem, not_valid
from rights.http_problems import FIELD_PROBLEMS

EARLIEST = timedelta(days=60)
"""How long ago a request may have come: what lay about for longer was overdue before anybody took it in."""
_FEW_MINUTES = timedelta(minutes=5)


class CameBy(StrEnum):
    """How a request came."""

    MAIL = "mail"
    PHONE = "phone"
    COUNTER = "counter"


class How(StrEnum):
    """How it was made sure who asks."""

    CODE = "code"
    """Not yet: by the code that goes to the contact on file."""
    DOCUMENT = "document"
    """An identity document and the face of whoever showed it were compared, at the counter."""
    CALL_BACK = "call_back"
    """They were called back at the phone number that is on file."""


class IntakeIn(RequestIn):
    """The body of `POST /ops/requests`: what a person would send, when and how it came, and who asks for sure."""

    received_at: AwareDatetime = Field(strict=False)
    came_by: CameBy = Field(strict=False)
    identity: How = Field(default=How.CODE, strict=False)
    key: str = Field(min_length=8, max_length=100)


class IntakeDoors(SearchDoors):
    """The door of requests that came in another way."""

    _scope: tuple[str, ...] = ()
    _corrections: tuple[str, ...] = ()

    def take_in(self, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """Take a request in, once per `key` of the operator's; ApiError `own_request` for one about themselves."""
        body = _read(raw)
        self._refuse_odd(body)
        tag_of = self._ledger.hmac.tag_of
        told = (*body.identifiers.typed().items(), *body.requester.typed().items())
        told += tuple((kind, body.changes[kind].to) for kind in ("phone", "email") if kind in body.changes)
        if who.known_as & {pseudonym(tag_of, kind, value) for kind, value in told}:
            raise ApiError("own_request")
        canonical = json.dumps(body.model_dump(mode="json", exclude={"key"}), sort_keys=True, ensure_ascii=False)
        attested = None if body.identity is How.CODE else body.identity.value
        opened = self._ledger.open_request(
            replace(
                body.as_new(Channel.OPERATOR, Locale.KM),
                received_at=datetime.fromisoformat(body.received_at.isoformat()),
                came_by=body.came_by.value,
                attested=attested,
                by=who.id,
                idempotency=tag_of("idempotency", "operator", who.id, body.key),
                body_hmac=tag_of("body", canonical),
            )
        )
        others = [self.summary(one) for one in opened.others]
        return self.summary(opened.request) | ({"case": others} if others else {})

    def _refuse_odd(self, body: IntakeIn) -> None:
        now = self._clock()
        if not now - EARLIEST <= body.received_at <= now + _FEW_MINUTES:
            raise not_valid({"received_at": FieldProblem("received_at_not_valid")})
        fits = {
            How.CODE: True,
            How.DOCUMENT: body.came_by is CameBy.COUNTER,
            How.CALL_BACK: body.came_by is CameBy.PHONE and set(body.identifiers.typed()) == {"phone"},
        }
        by_word = body.identity is not How.CODE
        if not fits[body.identity] or (by_word and body.requester.kind is not Requester.SELF):
            raise not_valid({"identity": FieldProblem("identity_not_allowed")})
        if not set(body.scope) <= set(self._scope):
            raise not_valid({"scope": FieldProblem("unknown_scope")})
        if not set(body.changes) <= set(self._corrections):
            raise not_valid({"changes": FieldProblem("unknown_change")})


def _read(raw: Mapping[str, Any]) -> IntakeIn:
    fields = dict(raw)
    if "right" in fields:
        fields.setdefault("rights", [fields.pop("right")])
    fields.setdefault("rights", [])
    if isinstance(changes := fields.get("changes"), dict):
        fields["changes"] = {k: {"to": v} if isinstance(v, str) else v for k, v in changes.items()}
    try:
        return IntakeIn.model_validate(fields)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    # Outside the handler, so that what was typed hangs on no exception's context.
    raise not_valid({_name_of(detail): _problem(detail) for detail in details})


def _name_of(detail: Mapping[str, Any]) -> str:
    """The field: what an error about the whole body is about comes first in its code."""
    return ".".join(map(str, detail["loc"])) or str(detail["type"]).partition("_")[0]


def _problem(detail: Mapping[str, Any]) -> FieldProblem:
    kind = str(detail["type"])
    if kind == "extra_forbidden":
        return FieldProblem("unknown_field")
    if kind == "string_too_long":
        return FieldProblem("too_long", {"limit": detail["ctx"]["max_length"]})
    return FieldProblem(kind if kind in FIELD_PROBLEMS and kind != "too_long" else "wrong_type")
