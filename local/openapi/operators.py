"""The operators' door, described: the sign-in, and what a viewer may see."""

from dataclasses import replace

from local.openapi import operator_answers as told
from local.openapi import operator_duties as duties
from local.openapi import operator_overview as now
from local.openapi.describe import JSON, READING, Answer, DoorDescription, Operation, json, page, see
from local.openapi.operator_acts import BESIDE_REQUESTS, ON_REQUESTS
from local.openapi.operator_parts import BULK, BY, CHANGE, CSRF, LOOKED, ONE, UNCHANGED, look, query
from operator_api.lists import VIEWS
from rights.affiliates.registry import AFFILIATE_ID
from rights.domain.rights import Right
from rights.domain.status import Status

_FILES = ("text/css", "text/javascript", "image/svg+xml")
_STATUSES = f"^(({'|'.join(Status)})(,({'|'.join(Status)}))*)?$"
_AFFILIATE = f"^({AFFILIATE_ID[1:-1]})?$"
"""Of a filter: an empty one is none, as a form sends it."""

_SIGN_IN = {
    ("GET", "/ops"): Operation(
        id="showConsole",
        says="The console.",
        answers={200: page("The overview."), 303: see("To the sign-in.")},
        errors=LOOKED,
        pages=True,
        security=BY,
    ),
    ("GET", "/ops/me"): Operation(
        id="showMe",
        says="Who is signed in, in which roles, and for how long.",
        answers={200: json(told.Me, "Who it is.")},
        errors=LOOKED,
        security=BY,
    ),
    ("GET", "/ops/health"): Operation(
        id="showHealth", says="That the door is open.", answers={200: json(told.Health, "It is.")}, errors=READING
    ),
    ("GET", "/ops/sign-in"): Operation(
        id="signIn",
        says="To the sign-in page of the operators' pool, and back to `next`.",
        answers={303: see("To the pool.")},
        pages=True,
        errors=READING,
        parameters=(query("next", "An address under `/ops`."),),
    ),
    ("GET", "/ops/signed-in"): Operation(
        id="arrive",
        says="Where the pool sends a browser back to.",
        answers={200: page("A page that goes on by itself, with the session in a cookie.")},
        errors=("sign_in_failed", "contact_unverified", "forbidden", *READING),
        pages=True,
        parameters=(query("code", "Of the pool."), query("state", "As it was sent there.")),
    ),
    ("GET", "/ops/signed-out"): Operation(
        id="leave", says="Where one is after signing out.", answers={200: page("The page.")}, errors=READING, pages=True
    ),
    ("POST", "/ops/sign-out"): Operation(
        id="signOut",
        says="End the session.",
        answers={200: page("For a browser: a page that goes on by itself."), 303: see("To the pool's own sign-out.")},
        pages=True,
        errors=("sign_in_needed", "contact_unverified", *CHANGE, *READING),
        parameters=(CSRF,),
        security=BY,
    ),
    ("GET", "/ops/static/<name>"): Operation(
        id="showConsoleFile",
        says="A file of the console.",
        answers={200: Answer(says="The file.", bodies={sort: {"type": "string"} for sort in _FILES})},
        errors=("not_found", *READING),
        pages=True,
    ),
}

_LOOKS = {
    ("GET", "/ops/overview"): look("showOverview", "What is open, late, and waits for somebody.", now.Overview),
    ("GET", "/ops/weeks"): look(
        "showWeeks",
        "What was closed in each of the last weeks.",
        now.Weeks,
        query("weeks", "How many; 12 without it.", pattern="^([1-9]|[1-4][0-9]|5[0-3])$"),
        errors=("wrong_type",),
    ),
    ("GET", "/ops/stores"): look("showStores", "How each store does; at most a minute old.", now.Stores),
    ("GET", "/ops/rules"): look("showRules", "The rules that decide: clocks and grounds.", now.Rules),
    ("GET", "/ops/requests"): replace(
        look(
            "listRequests",
            "50 requests: open ones the soonest due first, ended ones the newest first.",
            told.Lines,
            query("status", "One or several of one sort, open or ended, with commas between.", pattern=_STATUSES),
            query("right", "One right.", enum=[*Right]),
            query("store", "Those that this store still has to work on."),
            query("due_before", "Due on this day or before.", format="date"),
            query("affiliate", "Those that this affiliate handed in.", pattern=_AFFILIATE),
            query("view", "One of the lists behind the counts of the overview.", enum=[*VIEWS]),
            query("attention", "Instead: those that somebody was asked to look at.", enum=["1"]),
            query("cursor", "`next` of the page before.", maxLength=100),
            query("format", "`csv`: the first thousand of the list as a table.", enum=["csv"]),
            errors=("wrong_type", "unknown_store", "unknown_field"),
        ),
        answers={
            200: Answer(says="The list.", bodies={JSON: told.Lines, "text/csv": {"type": "string"}}),
            304: UNCHANGED,
        },
    ),
    ("GET", ONE): look("lookAtRequest", "One request: tasks, notices, history, clock.", told.Whole),
    ("GET", f"{ONE}/run"): look("showRun", "The way of a request through the state machine.", told.RunShown),
    ("GET", f"{ONE}/notices"): look("listNotices", "The notices of a request, contacts masked.", told.NoticesSent),
    ("GET", f"{ONE}/audit"): look("showAudit", "The history as it was hashed, to recompute it.", told.Audit),
    ("GET", f"{ONE}/plan"): look("showPlan", "The plan a review is about, with its dry run.", told.PlanShown),
    ("GET", f"{ONE}/clock"): look("showClock", "What the clock says, and why each day counts.", told.ClockShown),
    ("GET", f"{ONE}/evidence"): look("listEvidence", "The files that came with a request.", told.Files),
    ("GET", "/ops/bulk-closures"): look("listBulks", "All bulk closures, newest first.", duties.Bulks),
    ("GET", BULK): look(
        "showBulk",
        "How far a bulk closure is, and what came of 100 positions of its list.",
        duties.BulkResults,
        query("after", "The position to go on behind.", pattern="^(-1|[0-9]{1,8})?$"),
        errors=("wrong_type",),
    ),
    ("GET", "/ops/replays"): look("listReplays", "All replays, newest first.", duties.Replays),
    ("GET", "/ops/replays/<replay_id>"): look(
        "showReplay",
        "One replay, and 100 entries that it laid before somebody.",
        duties.ReplayEntries,
        query("after", "The entry to go on behind.", pattern="^([0-9A-F]{26})?$"),
        errors=("wrong_type",),
    ),
    ("GET", "/ops/holds"): look(
        "listHolds",
        "The legal holds on the person of a request.",
        duties.Holds,
        query("request_id", "The request.", required=True, minLength=1, maxLength=26),
        errors=("wrong_type",),
    ),
}

OPERATORS = DoorDescription(
    name="operators",
    says="For operators, who are signed in to the operators' own user pool: viewers look, operators and approvers act. "
    "Who would rather have `text/html`, or sends a form, gets the console's pages instead, which are not described.",
    operations=_SIGN_IN | _LOOKS | ON_REQUESTS | BESIDE_REQUESTS,
)
