"""The operators' door, described."""

from typing import Any

from local.openapi import operator_answers as told
from local.openapi.describe import A_BODY, JSON, READING, Answer, DoorDescription, Operation, Parameter, json
from operator_api.breach import BreachExport
from operator_api.clocks import Extension, Stop
from operator_api.closures import NewBulk, People
from operator_api.decisions import Approve, Ask, Refuse, Reply
from operator_api.evidence import OpenEvidence
from operator_api.holds import NewHold
from operator_api.replays import EntryDecision, NewReplay
from operator_api.reveal import Reveal
from rights.domain.status import Status

_BY = ("operator",)
_LOOK = ("refused", "forbidden", "not_found", *READING)
_WRONG = ("invalid_request", "wrong_type", *A_BODY)
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


def _act(
    name: str, says: str, answer: Any, *errors: str, body: Any = None, status: int = 200, of_one: bool = False
) -> Operation:
    """What takes the role of an operator; `of_one`: never on a request about themselves."""
    own = ("own_request",) if of_one else ()
    return Operation(
        id=name,
        says=says,
        answers={status: answer if isinstance(answer, Answer) else json(answer, "How it stands now.")},
        bodies={JSON: body} if body is not None else {},
        errors=(*errors, *own, *(_WRONG if body is not None else ()), *_LOOK),
        security=_BY,
    )


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
    ("POST", f"{_ONE}/retry"): _act(
        "retryRequest", "Try again what failed.", told.Line, "too_late", status=202, of_one=True
    ),
    ("POST", f"{_ONE}/stores/<store>/cancel"): _act(
        "cancelAtPartner",
        "Take a request to a partner back, if it has not begun.",
        told.Line,
        "too_late",
        status=202,
        of_one=True,
    ),
    ("POST", f"{_ONE}/decision"): _act(
        "decide",
        "Decide on a request in review: approve its plan whole or in part, refuse, ask the person, answer a complaint.",
        told.Line,
        *("too_late", "plan_changed", "held", "evidence_missing", "two_people", "second_operator_needed"),
        *("approver_needed", "not_ready", "ground_not_allowed", "until_not_allowed", "unknown_store"),
        *("unknown_collection", "too_long"),
        body={"oneOf": (Approve, Refuse, Ask, Reply)},
        of_one=True,
    ),
    ("POST", f"{_ONE}/extend"): _act(
        "extend",
        "Take the longer term, and have the person told.",
        told.ClockShown,
        *("reason_not_in_rule", "rule_has_no_extension", "already_extended", "base_term_over", "nobody_to_tell"),
        "too_late",
        body=Extension,
        of_one=True,
    ),
    ("POST", f"{_ONE}/pause"): _act(
        "pause",
        "Record that we wait for the person; the rule says whether the clock stands still.",
        told.ClockShown,
        *("too_late", "not_ready"),
        body=Stop,
        of_one=True,
    ),
    ("POST", f"{_ONE}/resume"): _act(
        "resume", "Record that what we waited for has come.", told.ClockShown, "too_late", of_one=True
    ),
    ("POST", f"{_ONE}/seen"): _act(
        "markSeen", "Record that somebody looked after what asked for attention.", told.Line, "too_late", of_one=True
    ),
    ("POST", f"{_ONE}/reveal"): _act(
        "reveal",
        "Open one sealed part; who looked, at what and for what is in the history first.",
        told.Revealed,
        body=Reveal,
        of_one=True,
    ),
    ("POST", f"{_ONE}/evidence/<number>"): _act(
        "openEvidence",
        "A link of one minute to a file that was received; who looked, and for what, is on record first.",
        told.FileLink,
        "evidence_gone",
        body=OpenEvidence,
        of_one=True,
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
    says="For operators, who are signed in to the operators' own user pool: viewers look, operators and approvers act.",
    operations=_LOOKS | _ACTS_ON_ONE | _ACTS,
)
