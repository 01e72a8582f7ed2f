"""Revealing: personal data of a request, shown to an operator for a reason that is on record before it is shown."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from rights.http import FieldProblem, not_valid
from rights.ledger import Ledger


class Why(StrEnum):
    """For what something is revealed; a code, since the history holds no free text."""

    REVIEW = "review"
    COMPLAINT = "complaint"
    CONTACT = "contact"
    AUTHORITY = "authority"


class What(StrEnum):
    """What can be revealed, one at a time."""

    PERSON = "person"
    """The identifiers that were typed: whose data it is about."""
    MESSAGE = "message"
    CONTACTS = "contacts"
    REQUESTER = "requester"
    CHANGES = "changes"
    QUESTION = "question"
    ANSWERS = "answers"


class Reveal(BaseModel):
    """The body of `POST /ops/requests/{id}/reveal`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    what: What
    reason: Why


class RevealDoors:
    """The door to what is sealed."""

    _ledger: Ledger

    def reveal(self, request_id: str, raw: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Open one sealed part; who looked, at what and for what is in the history first."""
        body = _reveal(raw)
        self._ledger.note(request_id, "revealed", by=by, detail={"what": body.what, "reason": body.reason})
        if body.what is What.PERSON:
            return {"person": (self._ledger.private(request_id, "typed") or {}).get("identifiers", {})}
        if body.what is What.MESSAGE:
            return {"message": (self._ledger.private(request_id, "typed") or {}).get("message", "")}
        return {body.what.value: self._ledger.private(request_id, body.what.value)}


def _reveal(raw: Mapping[str, Any]) -> Reveal:
    try:
        return Reveal.model_validate(raw)
    except ValidationError as error:
        names = {str(detail["loc"][0]) for detail in error.errors(include_input=False)}
    raise not_valid({name: FieldProblem("wrong_type") for name in names})
