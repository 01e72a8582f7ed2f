"""Bulk closures at the operators' door: a list in parts, approved by another approver, then watched and held."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from operator_api.people import Operator
from rights.domain.rights import Locale
from rights.http import ApiError, FieldProblem, not_valid
from rights.ledger import Ledger
from rights.ledger.bulk import PART, Bulk, BulkStatus

PAGE = 100
_FORMS = {
    "phone": re.compile(r"\+[1-9][0-9]{6,14}"),
    "email": re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}"),
    "account_id": re.compile(r"[^\s#]{1,128}"),
}


class NewBulk(BaseModel):
    """The body of `POST /ops/bulk-closures`: a key of the caller's own, and the language of those without another."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: str = Field(min_length=8, max_length=100)
    locale: Locale = Locale.KM


class People(BaseModel):
    """The body of `POST /ops/bulk-closures/{id}/people`: one part of the list, each person by one identifier."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    part: int = Field(ge=0, le=9999, strict=True)
    people: tuple[dict[str, str], ...] = Field(min_length=1, max_length=PART)


class ClosureDoors:
    """The doors to bulk closures."""

    _ledger: Ledger

    def open_bulk(self, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """Open a closure, for an approver; the same key again is the same one."""
        _refuse_all_but_approvers(who)
        try:
            body = NewBulk.model_validate(raw)
        except ValidationError as error:
            raise _wrong(error) from None
        return _shown(self._ledger.open_bulk(body.key, body.locale, by=who.id))

    def put_people(self, bulk_id: str, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """Put a part of the list in, all of it or nothing: what is wrong is told by its place, never by its value."""
        _refuse_all_but_approvers(who)
        try:
            body = People.model_validate(raw)
        except ValidationError as error:
            raise _wrong(error) from None
        found = [_identifier(person) for person in body.people]
        bad = [place for place, one in enumerate(found) if one is None]
        if bad:
            raise not_valid({f"people.{place}": FieldProblem("wrong_type") for place in bad[:20]})
        self._ledger.put_people(bulk_id, body.part, [one for one in found if one], by=who.id)
        return _shown(self._ledger.bulk(bulk_id)) | {"part": body.part, "people": len(found)}

    def approve_bulk(self, bulk_id: str, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """Let the intake begin: by another approver, who is not on the list, and says how many there are."""
        _refuse_all_but_approvers(who)
        bulk = self._ledger.bulk(bulk_id)
        if who.id in {bulk.by, *bulk.put_by}:
            raise ApiError("second_operator_needed")
        if self._ledger.is_on_list(bulk_id, who.known_as):
            raise ApiError("own_request")
        listed = self._ledger.count_people(bulk_id)
        if not listed or raw != {"people": listed}:
            raise ApiError("plan_changed")
        if bulk.status is not BulkStatus.DRAFT:
            raise ApiError("too_late")
        return _shown(self._ledger.approve_bulk(bulk, listed, by=who.id))

    def hold_bulk(self, bulk_id: str, to: BulkStatus, who: Operator) -> dict[str, Any]:
        """Pause the intake, go on with it (an approver), or stop it for good; what was taken in goes its own way."""
        if to is BulkStatus.RUNNING:
            _refuse_all_but_approvers(who)
        bulk = self._ledger.bulk(bulk_id)
        if to is BulkStatus.RUNNING and bulk.status not in {BulkStatus.PAUSED, BulkStatus.RUNNING}:
            raise ApiError("too_late")
        return _shown(self._ledger.move_bulk(bulk_id, to, by=who.id))

    def bulks(self) -> dict[str, Any]:
        """All bulk closures, newest first."""
        return {"bulk_closures": [_shown(bulk) for bulk in reversed(self._ledger.bulks())]}

    def bulk(self, bulk_id: str, query: Mapping[str, str]) -> dict[str, Any]:
        """How far a closure is, and what came of 100 positions of its list after `after`."""
        bulk = self._ledger.bulk(bulk_id)
        after = query.get("after", "-1")
        if not re.fullmatch(r"-1|[0-9]{1,8}", after):
            raise not_valid({"after": FieldProblem("wrong_type")})
        found = list(islice(self._ledger.results(bulk_id, int(after)), PAGE + 1))
        listed = bulk.listed or self._ledger.count_people(bulk_id)
        return _shown(bulk) | {"listed": listed, "results": found[:PAGE], "more": len(found) > PAGE}


def _refuse_all_but_approvers(who: Operator) -> None:
    if not who.is_approver:
        raise ApiError("forbidden")


def _identifier(person: Mapping[str, str]) -> tuple[str, str] | None:
    """Kind and value of somebody who is named by just one identifier; None for anything else."""
    if len(person) != 1:
        return None
    [(kind, value)] = person.items()
    value = value.lower() if kind == "email" else value
    return (kind, value) if kind in _FORMS and _FORMS[kind].fullmatch(value) else None


def _wrong(error: ValidationError) -> ApiError:
    names = {".".join(str(step) for step in detail["loc"][:2]) for detail in error.errors(include_input=False)}
    return not_valid({name: FieldProblem("wrong_type") for name in names})


def _shown(bulk: Bulk) -> dict[str, Any]:
    names = ("by", "created_at", "status", "approved_by", "approved_at", "ended_at", "listed", "place")
    return {"bulk_id": bulk.id, "locale": bulk.locale, **{name: getattr(bulk, name) for name in names}, **bulk.counts}
