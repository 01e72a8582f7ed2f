"""Replays of erasures at the operators' door: to start after a store was restored, to look at, and to decide on."""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from operator_api.holds import HoldDoors
from operator_api.people import Operator
from rights.clock import stamp
from rights.http import ApiError, FieldProblem, not_valid
from rights.http_fields import Moment
from rights.ledger.replays import Entry, Replay, ReplayStatus

PAGE = 100
ENTRY_ID = re.compile("[0-9A-F]{26}")


class NewReplay(BaseModel):
    """The body of `POST /ops/replays`: which store was restored, and to which moment it went back."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    store: str = Field(max_length=100)
    restored_to: Moment


class EntryDecision(BaseModel):
    """The body of `POST /ops/replays/{id}/decision`: what becomes of the rows of one entry."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    entry: str = Field(pattern=f"^{ENTRY_ID.pattern}$")
    decision: Literal["erase", "keep"]


class ReplayDoors(HoldDoors):
    """The doors to replays."""

    _categories: Mapping[str, Mapping[str, list[str]]]

    def start_replay(self, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """Start a replay; ApiError `too_late` while another of the same store runs."""
        try:
            body = NewReplay.model_validate(raw)
        except ValidationError as error:
            raise _wrong(error) from None
        if body.store not in self._categories:
            raise not_valid({"store": FieldProblem("unknown_store")})
        if body.restored_to >= self._clock():
            raise not_valid({"restored_to": FieldProblem("wrong_type")})
        restored_to = stamp(datetime.fromisoformat(body.restored_to.isoformat()))
        return _shown(self._ledger.start_replay(body.store, restored_to, by=who.id))

    def replays(self) -> dict[str, Any]:
        """All replays, newest first."""
        return {"replays": [_shown(replay) for replay in reversed(self._ledger.replays())]}

    def replay(self, replay_id: str, query: Mapping[str, str]) -> dict[str, Any]:
        """One replay, and 100 entries that it laid before somebody, behind `after`.

        An entry tells counts and its request, never a key of a row.
        """
        replay, after = self._ledger.replay(replay_id), query.get("after", "")
        if after and not ENTRY_ID.fullmatch(after):
            raise not_valid({"after": FieldProblem("wrong_type")})
        found = list(islice(self._ledger.entries(replay_id, after), PAGE + 1))
        return _shown(replay) | {"entries": [_entry(entry) for entry in found[:PAGE]], "more": len(found) > PAGE}

    def decide_replay(self, replay_id: str, raw: Mapping[str, Any], who: Operator) -> dict[str, Any]:
        """Decide on one entry, once; what is to be erased is erased by the next run. Erasing takes an approver."""
        try:
            body = EntryDecision.model_validate(raw)
        except ValidationError as error:
            raise _wrong(error) from None
        if body.decision == "erase" and not who.is_approver:
            raise ApiError("forbidden")
        if self._ledger.replay(replay_id).status is ReplayStatus.RUNNING:
            raise ApiError("not_ready")
        self.refuse_own(self._ledger.entry(replay_id, body.entry).known_as, who)
        return _entry(self._ledger.decide_entry(replay_id, body.entry, body.decision, by=who.id))


def _wrong(error: ValidationError) -> ApiError:
    names = {str(detail["loc"][0]) for detail in error.errors(include_input=False)}
    return not_valid({name: FieldProblem("wrong_type") for name in names})


def _shown(replay: Replay) -> dict[str, Any]:
    names = ("store", "restored_to", "by", "started_at", "status", "error_class", "ended_at")
    return {"replay_id": replay.id, **{name: getattr(replay, name) for name in names}, **replay.counts}


def _entry(entry: Entry) -> dict[str, Any]:
    names = [f.name for f in fields(Entry) if f.name not in {"replay_id", "id", "known_as"}]
    return {"entry": entry.id, **{name: getattr(entry, name) for name in names}}
