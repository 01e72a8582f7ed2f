"""Finding requests of somebody who calls or writes: by phone or email (as a pseudonym), or by reference."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from operator_api.overview import OverviewDoors
from operator_api.people import Operator, pseudonym
from rights.http import FieldProblem, not_valid
from rights.ledger import Request
from rights.phones import email_address, phone_number, plain

MOST = 50
_REFERENCE = re.compile(r"[2-9A-HJ-NP-Z]{8}")


class Search(BaseModel):
    """The body of `POST /ops/search`: one of four."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    phone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=254)
    reference: str | None = Field(default=None, max_length=40)
    request_id: str | None = Field(default=None, max_length=26)

    @model_validator(mode="after")
    def _one(self) -> "Search":
        if sum(bool(value) for value in (self.phone, self.email, self.reference, self.request_id)) != 1:
            msg = "one of the four"
            raise ValueError(msg)
        return self


class SearchDoors(OverviewDoors):
    """The door to the search."""

    def search(self, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """The newest 50 requests of somebody, each with how it was found and whether it is proven.

        That somebody searched, and by what, is on record; for whom is not.

        `typed`: the phone or email was typed in it, which a stranger may have done. `subject`: it is about the account
        that a proven one of these led to.
        """
        try:
            body = Search.model_validate({name: value for name, value in raw.items() if value not in {None, ""}})
        except (ValidationError, TypeError):
            raise not_valid({"phone": FieldProblem("identifier_missing")}) from None
        found = self._found(body)
        [kind] = body.model_dump(exclude_none=True)
        self._ledger.record_act(who.id, "search", {"by": kind, "found": len(found)})
        requests = sorted(found, key=lambda one: one[0].received_at, reverse=True)
        rows = [
            self.summary(request) | {"how": how, "proven": request.subject is not None or _is_proven(request)}
            for request, how in requests[:MOST]
        ]
        return {"requests": rows, "total": len(found)}

    def _found(self, body: Search) -> list[tuple[Request, str]]:
        if body.request_id:
            return [(request, "id") for request in self._ledger.requests_at([plain(body.request_id).upper()])]
        if body.reference:
            return [(request, "reference") for request in self._called(body.reference)]
        kind, value = ("phone", phone_number(body.phone)) if body.phone else ("email", email_address(body.email or ""))
        if value is None:
            raise not_valid({kind: FieldProblem(f"{kind}_not_valid")})
        return self._about(pseudonym(self._ledger.hmac.tag_of, kind, value))

    def _called(self, name: str) -> list[Request]:
        letters = re.sub(r"[\s\-\u2010-\u2015]", "", plain(name)).upper()
        if not _REFERENCE.fullmatch(letters):
            return []
        return self._ledger.requests_at(self._ledger.requests_called(f"{letters[:4]}-{letters[4:]}"))

    def _about(self, known_as: str) -> list[tuple[Request, str]]:
        """The requests in which somebody was typed, with their cases, and those of the accounts that they led to."""
        firsts = self._ledger.requests_at(self._ledger.requests_typed_with(known_as, most=MOST))
        others = [one for first in firsts for one in first.case_requests if one != first.id]
        typed = {request.id: request for request in (*firsts, *self._ledger.requests_at(others))}
        subjects = {request.subject for request in typed.values() if request.subject} | {known_as}
        ids = {one for subject in sorted(subjects) for one in self._ledger.requests_of_subject(subject, most=MOST)}
        beside = self._ledger.requests_at(sorted(ids - set(typed)))
        return [(request, "typed") for request in typed.values()] + [(request, "subject") for request in beside]


def _is_proven(request: Request) -> bool:
    return "verified_at" in request.timeline
