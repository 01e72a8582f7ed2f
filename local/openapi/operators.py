"""The operators' door, described."""

from dataclasses import replace
from typing import Any

from local.openapi import operator_answers as told
from local.openapi.describe import (
    A_BODY,
    JSON,
    READING,
    Adapted,
    Answer,
    DoorDescription,
    Operation,
    Parameter,
    json,
    page,
    see,
)
from operator_api.breach import BreachExport
from operator_api.clocks import Extension, Stop
from operator_api.closures import NewBulk, People
from operator_api.decisions import Approve, Ask, Refuse, Reply
from operator_api.evidence import OpenEvidence
from operator_api.holds import NewHold
from operator_api.replays import EntryDecision, NewReplay
from operator_api.reveal import Reveal
from rights.domain.status import Status

_BY = ("operator", "operatorSession")
_LOOK = ("sign_in_needed", "forbidden", "not_found", *READING)
_CHANGE = ("csrf_needed", "foreign_origin", *A_BODY)
_WRONG = ("invalid_request", "wrong_type")
_OF_ONE = ("own_request", "changed_meanwhile", "wrong_type")
_FILES = ("text/css", "text/javascript", "image/svg+xml")
_ONE, _BULK = "/ops/requests/<request_id>", "/ops/bulk-closures/<bulk_id>"


def _query(name: str, says: str, *, required: bool = False, **schema: Any) -> Parameter:
    return Parameter(name=name, place="query", says=says, schema={"type": "string", **schema}, required=required)


def _look(name: str, says: str, body: Any, *parameters: Parameter, errors: tuple[str, ...] = ()) -> Operation:
    """What a viewer may do too."""
    return Operation(
        id=name,
        says=says,
        answers={200: json(body, says)},
        errors=(*errors, *_LOOK),
        parameters=parameters,
        security=_BY,
    )


_CSRF = Parameter(name="X-CSRF-Token", place="header", says="Of the session, for who has no token of the pool.")
_SEEN = {
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}],
    "description": "The version of the request that one decides on; refused where it has changed since.",
}


def _with_version(schema: dict[str, Any]) -> None:
    schema.setdefault("properties", {})["version"] = _SEEN


def _act(name: str, says: str, answer: Any, *errors: str, body: Any = None, status: int = 200) -> Operation:
    """What takes the role of an operator."""
    return Operation(
        id=name,
        says=says,
        answers={status: json(answer, "How it stands now.")},
        bodies={JSON: body} if body is not None else {},
        errors=(*errors, *(_WRONG if body is not None else ()), *_CHANGE, *_LOOK),
        parameters=(_CSRF,),
        security=_BY,
    )


def _on_one(name: str, says: str, answer: Any, *errors: str, body: Any = None, status: int = 200) -> Operation:
    """The same on a request: never one about oneself, and none that has changed since one saw it."""
    read = Adapted(body, _with_version) if body is not None else {"type": "object", "properties": {"version": _SEEN}}
    made = _act(name, says, answer, *errors, *_OF_ONE, body=read, status=status)
    return replace(made, needs_body=body is not None)


_SIGN_IN = {
    ("GET", "/ops"): Operation(
        id="showConsole",
        says="The console.",
        answers={200: page("The overview."), 303: see("To the sign-in.")},
        errors=_LOOK,
        security=_BY,
    ),
    ("GET", "/ops/me"): _look("showMe", "Who is signed in, in which roles, and for how long.", told.Me),
    ("GET", "/ops/health"): Operation(
        id="showHealth", says="That the door is open.", answers={200: json(told.Health, "It is.")}, errors=READING
    ),
    ("GET", "/ops/sign-in"): Operation(
        id="signIn",
        says="To the sign-in page of the operators' pool, and back to `next`.",
        answers={303: see("To the pool.")},
        errors=READING,
        parameters=(_query("next", "An address under `/ops`."),),
    ),
    ("GET", "/ops/signed-in"): Operation(
        id="arrive",
        says="Where the pool sends a browser back to.",
        answers={200: page("A page that goes on by itself, with the session in a cookie.")},
        errors=("sign_in_failed", "forbidden", *READING),
        parameters=(_query("code", "Of the pool."), _query("state", "As it was sent there.")),
    ),
    ("GET", "/ops/signed-out"): Operation(
        id="leave", says="Where one is after signing out.", answers={200: page("The page.")}, errors=READING
    ),
    ("POST", "/ops/sign-out"): Operation(
        id="signOut",
        says="End the session.",
        answers={303: see("To the pool's own sign-out.")},
        errors=("sign_in_needed", *_CHANGE, *READING),
        parameters=(_CSRF,),
        security=_BY,
    ),
    ("GET", "/ops/static/<name>"): Operation(
        id="showConsoleFile",
        says="A file of the console.",
        answers={200: Answer(says="The file.", bodies={sort: {"type": "string"} for sort in _FILES})},
        errors=("not_found", *READING),
    ),
}

_LOOKS = {
    ("GET", "/ops/requests"): _look(
        "listRequests",
        "Requests of one status, or all open ones, oldest first; at most 50, and whether there are more.",
        told.Lines,
        _query("status", "One status.", enum=[*Status]),
        _query("attention", "Instead: those that somebody was asked to look at.", enum=["1"]),
        errors=("wrong_type",),
    ),
    ("GET", _ONE): _look("lookAtRequest", "One request: tasks, notices, history, clock.", told.Whole),
    ("GET", f"{_ONE}/audit"): _look("showAudit", "The history as it was hashed, to recompute it.", told.Audit),
    ("GET", f"{_ONE}/plan"): _look("showPlan", "The plan a review is about, with its dry run.", told.PlanShown),
    ("GET", f"{_ONE}/clock"): _look("showClock", "What the clock says, and why each day counts.", told.ClockShown),
    ("GET", f"{_ONE}/evidence"): _look("listEvidence", "The files that came with a request.", told.Files),
    ("GET", "/ops/bulk-closures"): _look("listBulks", "All bulk closures, newest first.", told.Bulks),
    ("GET", _BULK): _look(
        "showBulk",
        "How far a bulk closure is, and what came of 100 positions of its list.",
        told.BulkResults,
        _query("after", "The position to go on behind.", pattern="^(-1|[0-9]{1,8})$"),
        errors=("wrong_type",),
    ),
    ("GET", "/ops/replays"): _look("listReplays", "All replays, newest first.", told.Replays),
    ("GET", "/ops/replays/<replay_id>"): _look(
        "showReplay", "One replay, and what it laid before somebody.", told.ReplayEntries
    ),
    ("GET", "/ops/holds"): _look(
        "listHolds",
        "The legal holds on the person of a request.",
        told.Holds,
        _query("request_id", "The request.", required=True, minLength=1, maxLength=26),
        errors=("wrong_type",),
    ),
}

_ACTS_ON_ONE = {
    ("POST", f"{_ONE}/retry"): _on_one("retryRequest", "Try again what failed.", told.Line, "too_late", status=202),
    ("POST", f"{_ONE}/stores/<store>/cancel"): _on_one(
        "cancelAtPartner",
        "Take a request to a partner back, if it has not begun.",
        told.Line,
        "too_late",
        status=202,
    ),
    ("POST", f"{_ONE}/decision"): _on_one(
        "decide",
        "Decide on a request in review: approve its plan whole or in part, refuse, ask the person, answer a complaint.",
        told.Line,
        *("too_late", "plan_changed", "held", "evidence_missing", "two_people", "second_operator_needed"),
        *("approver_needed", "filed_by_you", "not_ready", "ground_not_allowed", "until_not_allowed", "unknown_store"),
        *("unknown_collection", "too_long"),
        body=(Approve, Refuse, Ask, Reply),
    ),
    ("POST", f"{_ONE}/extend"): _on_one(
        "extend",
        "Take the longer term, and have the person told.",
        told.ClockShown,
        *("reason_not_in_rule", "rule_has_no_extension", "already_extended", "base_term_over", "nobody_to_tell"),
        "too_late",
        body=Extension,
    ),
    ("POST", f"{_ONE}/pause"): _on_one(
        "pause",
        "Record that we wait for the person; the rule says whether the clock stands still.",
        told.ClockShown,
        *("too_late", "not_ready"),
        body=Stop,
    ),
    ("POST", f"{_ONE}/resume"): _on_one(
        "resume", "Record that what we waited for has come.", told.ClockShown, "too_late"
    ),
    ("POST", f"{_ONE}/seen"): _on_one(
        "markSeen", "Record that somebody looked after what asked for attention.", told.Line, "too_late"
    ),
    ("POST", f"{_ONE}/reveal"): _on_one(
        "reveal",
        "Open one sealed part; who looked, at what and for what is in the history first.",
        told.Revealed,
        body=Reveal,
    ),
    ("POST", f"{_ONE}/evidence/<number>"): _on_one(
        "openEvidence",
        "A link of one minute to a file that was received; who looked, and for what, is on record first.",
        told.FileLink,
        "evidence_gone",
        body=OpenEvidence,
    ),
}

_ACTS = {
    ("POST", "/ops/breach-export"): _act(
        "exportBreach",
        "The next requests that touched a store, as CSV, for an approver; on record first.",
        told.BreachPage,
        "unknown_store",
        body=BreachExport,
    ),
    ("POST", "/ops/bulk-closures"): _act(
        "openBulk",
        "Open a bulk closure, for an approver; the same key again is the same one.",
        told.BulkShown,
        body=NewBulk,
    ),
    ("POST", f"{_BULK}/people"): _act(
        "putPeople",
        "Put a part of the list in, all of it or nothing; each person by one identifier.",
        told.PartPut,
        "too_late",
        body=People,
    ),
    ("POST", f"{_BULK}/approve"): _act(
        "approveBulk",
        "Let the intake begin: by another approver, who says how many people there are.",
        told.BulkShown,
        *("second_operator_needed", "plan_changed", "too_late"),
        body={
            "type": "object",
            "required": ["people"],
            "properties": {"people": {"type": "integer", "minimum": 1}},
            "additionalProperties": False,
        },
    ),
    ("POST", f"{_BULK}/pause"): _act("pauseBulk", "Pause the intake.", told.BulkShown, "too_late"),
    ("POST", f"{_BULK}/resume"): _act("resumeBulk", "Go on with the intake.", told.BulkShown, "too_late"),
    ("POST", f"{_BULK}/stop"): _act("stopBulk", "Stop the intake for good.", told.BulkShown, "too_late"),
    ("POST", "/ops/replays"): _act(
        "startReplay",
        "After a store was restored from a backup: erase once more what had been erased since.",
        told.ReplayShown,
        *("unknown_store", "too_late"),
        body=NewReplay,
        status=201,
    ),
    ("POST", "/ops/replays/<replay_id>/decision"): _act(
        "decideEntry",
        "Decide on rows that a replay laid before somebody; erasing takes an approver.",
        told.EntryShown,
        *("own_request", "not_ready", "too_late"),
        body=EntryDecision,
    ),
    ("POST", "/ops/holds"): _act(
        "placeHold",
        "Place a legal hold on a person, named by just one of phone, email and request.",
        told.HoldShown,
        *("own_request", "not_ready", "ground_not_allowed", "until_not_allowed"),
        body=NewHold,
        status=201,
    ),
    ("POST", "/ops/holds/<hold_id>/lift"): _act(
        "liftHold", "Lift a hold; a second time changes nothing.", told.HoldShown, "own_request"
    ),
}

OPERATORS = DoorDescription(
    name="operators",
    says="For operators, who are signed in to the operators' own user pool: viewers look, operators and approvers act. "
    "Who would rather have `text/html`, or sends a form, gets the console's pages instead, which are not described.",
    operations=_SIGN_IN | _LOOKS | _ACTS_ON_ONE | _ACTS,
)
