"""New links: an operator makes the link of a request void, as where somebody else has got hold of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from rights.http import FieldProblem, not_valid
from rights.ledger import Ledger, Request


class WhyNewLink(StrEnum):
    """For what a link is made void; a code, since the history holds no free text."""

    ASKED_BY_PERSON = "asked_by_person"
    PASSED_ON = "passed_on"
    MISUSE = "misuse"


class NewLink(BaseModel):
    """The body of `POST /ops/requests/{id}/new-link`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reason: WhyNewLink


class LinkDoors:
    """The door to new links."""

    _ledger: Ledger

    def new_link(self, request_id: str, raw: Mapping[str, Any], by: str) -> Request:
        """Make a new link for a reason that is on record. It is shown to nobody here: the next messages carry it."""
        try:
            reason = NewLink.model_validate(raw).reason
        except ValidationError:
            raise not_valid({"reason": FieldProblem("wrong_type")}) from None
        return self._ledger.renew_links(self._ledger.get(request_id), by=by, reason=reason)[0]
