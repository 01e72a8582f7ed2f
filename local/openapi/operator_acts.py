"""The operators' door, described: what takes the role of an operator."""

from local.openapi import operator_answers as told
from local.openapi import operator_duties as duties
from local.openapi.describe import Adapted
from local.openapi.operator_parts import BULK, ONE, act, on_one
from local.openapi.public_parts import OF_AN_INTAKE, or_one_right
from operator_api.breach import BreachExport
from operator_api.clocks import Extension, Stop
from operator_api.closures import NewBulk, People
from operator_api.decisions import Approve, Ask, Refuse, Reply
from operator_api.doors import Cancel
from operator_api.evidence import OpenEvidence
from operator_api.holds import NewHold
from operator_api.intake import IntakeIn
from operator_api.links import NewLink
from operator_api.replays import EntryDecision, NewReplay
from operator_api.reveal import Reveal
from operator_api.searching import Search

ON_REQUESTS = {
    ("POST", f"{ONE}/retry"): on_one("retryRequest", "Try again what failed.", told.Line, "too_late", status=202),
    ("POST", f"{ONE}/stores/<store>/retry"): on_one(
        "retryStore", "Try again what failed in one store.", told.Line, "too_late", status=202
    ),
    ("POST", f"{ONE}/cancel"): on_one(
        "cancelRequest",
        "Withdraw a request in the person's name, for a reason that is on record; whoever proved is told.",
        told.Line,
        "too_late",
        body=Cancel,
    ),
    ("POST", f"{ONE}/stores/<store>/cancel"): on_one(
        "cancelAtPartner",
        "Take a request to a partner back, if it has not begun.",
        told.Line,
        "too_late",
        status=202,
    ),
    ("POST", f"{ONE}/decision"): on_one(
        "decide",
        "Decide on a request in review: approve its plan whole or in part, refuse, ask the person, answer a complaint.",
        told.Line,
        *("too_late", "plan_changed", "held", "evidence_missing", "two_people", "second_operator_needed"),
        *("approver_needed", "filed_by_you", "not_ready", "ground_not_allowed", "until_not_allowed", "unknown_store"),
        *("unknown_collection", "too_long"),
        body=(Approve, Refuse, Ask, Reply),
    ),
    ("POST", f"{ONE}/extend"): on_one(
        "extend",
        "Take the longer term, and have the person told.",
        told.ClockShown,
        *("reason_not_in_rule", "rule_has_no_extension", "already_extended", "base_term_over", "nobody_to_tell"),
        "too_late",
        body=Extension,
    ),
    ("POST", f"{ONE}/pause"): on_one(
        "pause",
        "Record that we wait for the person; the rule says whether the clock stands still.",
        told.ClockShown,
        *("too_late", "not_ready"),
        body=Stop,
    ),
    ("POST", f"{ONE}/resume"): on_one(
        "resume", "Record that what we waited for has come.", told.ClockShown, "too_late"
    ),
    ("POST", f"{ONE}/seen"): on_one(
        "markSeen", "Record that somebody looked after what asked for attention.", told.Line, "too_late"
    ),
    ("POST", f"{ONE}/reveal"): on_one(
        "reveal",
        "Open one sealed part; who looked, at what and for what is in the history first.",
        told.Revealed,
        body=Reveal,
    ),
    ("POST", f"{ONE}/new-link"): on_one(
        "renewLink",
        "Make a new link for its person, who gets it with the next message; the old one, and tokens, stop working.",
        told.Line,
        body=NewLink,
    ),
    ("POST", f"{ONE}/evidence/<number>"): on_one(
        "openEvidence",
        "A link of one minute to a file that was received; who looked, and for what, is on record first.",
        told.FileLink,
        "evidence_gone",
        body=OpenEvidence,
    ),
}

BESIDE_REQUESTS = {
    ("POST", "/ops/requests"): act(
        "takeIn",
        "Take in a request that came by mail, phone or counter; its clock starts at `received_at`. Once per `key`.",
        told.TakenIn,
        *("own_request", "idempotency_key_reused", "received_at_not_valid", "identity_not_allowed", *OF_AN_INTAKE),
        body=Adapted(IntakeIn, or_one_right),
        status=201,
    ),
    ("POST", "/ops/search"): act(
        "search",
        "The newest 50 requests of somebody, by just one of phone, email, reference and request; a viewer may too.",
        told.FoundLines,
        *("identifier_missing", "phone_not_valid", "email_not_valid"),
        body=Search,
    ),
    ("POST", "/ops/breach-export"): act(
        "exportBreach",
        "The next requests that touched a store, as CSV, for an approver; on record first.",
        duties.BreachPage,
        "unknown_store",
        body=BreachExport,
    ),
    ("POST", "/ops/bulk-closures"): act(
        "openBulk",
        "Open a bulk closure, for an approver; the same key again is the same one.",
        duties.BulkShown,
        body=NewBulk,
    ),
    ("POST", f"{BULK}/people"): act(
        "putPeople",
        "Put a part of the list in, all of it or nothing; each person by one identifier.",
        duties.PartPut,
        "too_late",
        body=People,
    ),
    ("POST", f"{BULK}/approve"): act(
        "approveBulk",
        "Let the intake begin: by another approver, who says how many people there are.",
        duties.BulkShown,
        *("own_request", "second_operator_needed", "plan_changed", "too_late"),
        body={
            "type": "object",
            "required": ["people"],
            "properties": {"people": {"type": "integer", "minimum": 1}},
            "additionalProperties": False,
        },
    ),
    ("POST", f"{BULK}/pause"): act("pauseBulk", "Pause the intake.", duties.BulkShown, "too_late"),
    ("POST", f"{BULK}/resume"): act(
        "resumeBulk", "Go on with the intake, for an approver.", duties.BulkShown, "too_late"
    ),
    ("POST", f"{BULK}/stop"): act("stopBulk", "Stop the intake for good.", duties.BulkShown, "too_late"),
    ("POST", "/ops/replays"): act(
        "startReplay",
        "After a store was restored from a backup: erase once more what had been erased since.",
        duties.ReplayShown,
        *("unknown_store", "too_late"),
        body=NewReplay,
        status=201,
    ),
    ("POST", "/ops/replays/<replay_id>/decision"): act(
        "decideEntry",
        "Decide on rows that a replay laid before somebody; erasing takes an approver.",
        duties.EntryShown,
        *("own_request", "not_ready", "too_late"),
        body=EntryDecision,
    ),
    ("POST", "/ops/holds"): act(
        "placeHold",
        "Place a legal hold on a person, named by just one of phone, email and request.",
        duties.HoldShown,
        *("own_request", "not_ready", "ground_not_allowed", "until_not_allowed"),
        body=NewHold,
        status=201,
    ),
    ("POST", "/ops/holds/<hold_id>/lift"): act(
        "liftHold",
        "Lift a hold, for whoever may place one on its ground; a second time changes nothing.",
        duties.HoldShown,
        "own_request",
    ),
}
