"""The pages: whole, labelled, without anything inline, under their prefix, and light."""

import gzip
import re
from itertools import pairwise
from typing import Any

import pytest

from operator_api.console.pages import pages
from operator_api.people import Operator
from rights.http import ApiError
from tests.unit.console.answers import (
    ANNA,
    BOPHA,
    CONSOLE,
    ID,
    OTHER,
    VIVI,
    Doors,
    ago,
    doors,
    overview,
    request,
    row,
    task,
    visit,
)
from tests.unit.console.reading import Page

ONE = f"/ops/requests/{ID}"
WEEK = {"by_right": {}, "by_outcome": {}, "late": 1, "closed": 12, "median_days": 6.5, "p90_days": 21.0}
STORE = {"kind": "postgres", "last_success": ago(minutes=5), "failing_since": ago(hours=2), "failed": 1} | {
    "working": 1,
    "waiting": 0,
    "pending": 0,
    "error_class": "StoreUnavailableError",
    "failing_requests": [{"request_id": ID, "reference": "K7QM-2F4D", "error_class": "X", "since": ago(hours=2)}],
    "p95_seconds": 130.4,
    "recent": ["failed", "done", "done"],
}


def full() -> Doors:
    """Doors that have something to say everywhere."""
    at = doors()
    at.answers |= {
        ("GET", "/ops/overview"): overview(overdue=2, needs_decision=1),
        ("GET", "/ops/weeks"): {
            "weeks": [
                WEEK | {"week": "2026-W46", "begins": "2026-11-09", "closed": 0, "median_days": None, "p90_days": None},
                WEEK | {"week": "2026-W47", "begins": "2026-11-16"},
                WEEK | {"week": "2026-W48", "begins": "2026-11-23"},
            ]
        },
        ("GET", "/ops/stores"): {
            "as_of": ago(seconds=5),
            "stores": [STORE | {"store": "orders"}],
            "looked_at": 3,
            "is_whole": False,
        },
        ("GET", "/ops/replays"): {"replays": [REPLAY]},
        ("GET", f"/ops/replays/{OTHER}"): REPLAY | {"entries": [ENTRY], "more": True},
        ("GET", "/ops/bulk-closures"): {"bulk_closures": [BULK]},
        ("GET", f"/ops/bulk-closures/{OTHER}"): BULK
        | {"results": [{"position": 0, "request_id": ID, "result": "made"}], "more": True},
        ("GET", "/ops/rules"): {
            "clock_rules": [{"ref": "ttm-policy-2024/deletion@1", "jurisdiction": "policy", "respond": {"amount": 30}}],
            "grounds": [{"number": 11, "code": "law", "rights": ["deletion"], "longest": "P10Y"}],
            "terms": {"package_days": 14},
        },
        ("GET", f"{ONE}/notices"): {
            "notices": [
                {"id": "n1", "kind": "received", "channel": "phone", "status": "undelivered", "sent_at": None}
                | {"contact": "+855 ** *** *78"}
            ]
        },
    }
    return at


REPLAY = {
    "replay_id": OTHER,
    "store": "orders",
    "restored_to": ago(days=2),
    "by": ANNA.id,
    "started_at": ago(hours=5),
    "status": "to_decide",
    "error_class": None,
    "ended_at": ago(hours=4),
    "erased": 3,
}
ENTRY = {"entry": "A" * 26, "request_id": ID, "collection": "orders", "rows": 2, "decision": None}
BULK = {
    "bulk_id": OTHER,
    "locale": "km",
    "by": BOPHA.id,
    "created_at": ago(days=1),
    "status": "draft",
    "approved_by": None,
    "approved_at": None,
    "ended_at": None,
    "listed": 120,
    "place": None,
}
PAGES = (
    *("/ops", "/ops/requests", ONE, f"{ONE}/decide", f"{ONE}/audit", "/ops/overview", "/ops/stores", "/ops/runs"),
    *("/ops/notices", "/ops/audit", "/ops/settings", "/ops/intake", "/ops/search", "/ops/holds", "/ops/bulk-closures"),
    *(f"/ops/bulk-closures/{OTHER}", "/ops/replays", f"/ops/replays/{OTHER}", "/ops/breach-export", "/ops/nowhere"),
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", [ANNA, VIVI], ids=["approver", "viewer"])
def test_a_page_is_whole_and_has_one_heading(path: str, who: Any) -> None:
    shown = visit(path, full(), who=who)
    assert shown.status == (404 if path == "/ops/nowhere" else 200)
    page = Page(shown.body)
    assert len(page.all("h1")) == 1
    levels = [
        int(one.name[1]) for one in page.elements if re.fullmatch("h[1-6]", one.name) and "dialog" not in one.parents
    ]
    main = levels[levels.index(1) :]
    assert all(after - before <= 1 for before, after in pairwise(main))
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_inline(path: str) -> None:
    """UX 80: the policy would drop it, so it must not be there."""
    page = Page(visit(path, full()).body)
    for one in page.elements:
        assert not [name for name in one.attributes if name == "style" or name.startswith("on")], one
        assert one.name != "style"
        assert one.name != "script" or (one.attributes.get("src") and not one.words)
        assert not one.attributes.get("href", "").startswith("javascript:")


@pytest.mark.parametrize("path", PAGES)
def test_every_control_has_a_label_and_every_form_a_token(path: str) -> None:
    page = Page(visit(path, full()).body)
    labels = {one.attributes["for"] for one in page.all("label")}
    for one in page.elements:
        is_control = one.name in {"select", "textarea"} or (
            one.name == "input" and one.attributes.get("type", "text") not in {"hidden", "submit"}
        )
        assert not is_control or one.attributes["id"] in labels, one
    forms = {one.form: one for one in page.all("form") if one.attributes.get("method") == "post"}
    tokens = [one.form for one in page.all("input", name="csrf", value="csrf-token")]
    assert set(tokens) == set(forms)
    assert len(tokens) == len(forms)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_stays_under_the_path_of_the_base_url(path: str) -> None:
    page = Page(visit(path, full()).body)
    for one in page.elements:
        for name in ("href", "src", "action", "data-live"):
            address = one.attributes.get(name)
            assert not address or address.startswith(("/mall/ops", "#", "data:text/csv")), (one, address)


@pytest.mark.parametrize("path", PAGES)
def test_a_table_names_its_columns(path: str) -> None:
    page = Page(visit(path, full()).body)
    assert all(one.attributes.get("scope") in {"col", "row"} for one in page.all("th"))
    for one in page.elements:
        if one.attributes.get("class") == "scroll":
            assert one.attributes["tabindex"] == "0"
            assert one.attributes["aria-label"]


def test_a_viewer_is_shown_everything_and_offered_nothing_that_changes() -> None:
    at = full()
    at.answers["GET", ONE] = request(status="needs_repair", tasks=[task("orders", "failed")])
    for path in (ONE, f"{ONE}/decide", f"/ops/replays/{OTHER}", f"/ops/bulk-closures/{OTHER}", "/ops/holds"):
        page = Page(visit(path, at, who=VIVI).body)
        actions = {one.attributes["action"] for one in page.all("form") if one.attributes.get("method") == "post"}
        assert actions == {"/mall/ops/sign-out"}, path
    assert "You may look, but not change anything" in Page(visit(ONE, at, who=VIVI).body).words


def test_an_empty_queue_says_that_nothing_waits() -> None:
    at = doors()
    page = Page(visit("/ops", at).body)
    assert "Nothing waits for you." in page.words
    assert "12 requests run without anybody." in page.words
    assert [path for path, _ in at.asked] == ["/ops/overview"]


def test_the_queue_shows_the_gravest_first_and_each_request_once() -> None:
    late = row(request_id=OTHER, overdue=True, days_left=-3, due_at="2026-11-23T16:59:59.000000Z")

    def found(query: Any) -> Any:
        return {"requests": {"overdue": [late], "failing": [late, row()]}[query["view"]], "more": False}

    at = doors()
    at.answers |= {("GET", "/ops/overview"): overview(overdue=1, failing=2), ("GET", "/ops/requests"): found}
    page = Page(visit("/ops", at).body)
    links = [one.attributes["href"] for one in page.elements if "data-row" in one.attributes]
    assert links == [f"/mall/ops/requests/{OTHER}", f"/mall/ops/requests/{ID}"]
    assert "3 days overdue" in page.words
    assert "2 of 2" in page.words


def test_whoever_could_not_be_told_is_in_the_queue_too() -> None:
    at = doors()
    unheard = {"requests": [row(attention="undelivered_notice")], "more": False}
    at.answers |= {("GET", "/ops/overview"): overview(attention=1), ("GET", "/ops/requests"): unheard}
    page = Page(visit("/ops", at).body)
    assert "needs a look" in page.words
    assert at.asked[-1] == ("/ops/requests", {"attention": "1"})


def test_filters_without_a_hit_are_shown_and_can_be_cleared() -> None:
    at = doors()
    at.answers["GET", "/ops/requests"] = {"requests": [], "more": False, "next": None, "total": 0}
    page = Page(visit("/ops/requests", at, query={"status": "question", "right": "access"}).body)
    assert "No request fits status: question right: access" in page.words
    assert at.asked[-1] == ("/ops/requests", {"status": "question", "right": "access"})


def test_a_page_of_the_queue_leads_to_the_next_by_its_cursor() -> None:
    at = doors()
    told = {"requests": [row()], "more": True, "next": "a cursor/+", "total": 1204, "total_is_exact": False}
    at.answers["GET", "/ops/requests"] = told
    page = Page(visit("/ops/requests", at, query={"view": "open"}).body)
    assert "1 of more than 1,204" in page.words
    [following] = [one for one in page.all("a") if one.words == "Next page"]
    assert following.attributes["href"] == "/mall/ops/requests?view=open&cursor=a+cursor%2F%2B"
    visit("/ops/requests", at, query={"view": "open", "cursor": "a cursor/+"})
    assert at.asked[-1][1] == {"cursor": "a cursor/+"}


def test_the_csv_is_that_of_the_door_for_the_same_filters() -> None:
    for query, address in (
        ({"view": "open"}, "/mall/ops/requests?format=csv"),
        ({"view": "overdue", "cursor": "x"}, "/mall/ops/requests?view=overdue&format=csv"),
    ):
        page = Page(visit("/ops/requests", doors(), query=query).body)
        assert [one.attributes["href"] for one in page.all("a") if one.words == "CSV"] == [address]


def test_the_part_that_changes_comes_alone_and_is_the_same_while_nothing_changes() -> None:
    for path in ("/ops", ONE, "/ops/stores", "/ops/runs", "/ops/overview"):
        part = visit(path, full(), query={"part": "live"})
        assert "<html" not in part.body
        assert "<h1" not in part.body
        assert len(gzip.compress(part.body.encode())) < 6 * 1024, path
        whole = visit(path, full()).body
        assert part.body.strip()[:200] in whole


def test_a_found_reference_is_opened_at_once() -> None:
    at = doors()
    at.answers["POST", "/ops/search"] = {"requests": [row(how="typed", proven=True)], "total": 1}
    shown = visit("/ops/find", at, query={"q": " k7qm-2f4d "})
    assert (shown.status, shown.location) == (303, f"http://127.0.0.1:8000/mall{ONE}")
    assert at.posted == [("/ops/search", {"reference": "K7QM-2F4D"})]


def test_a_reference_of_nobody_leads_to_the_search() -> None:
    page = Page(visit("/ops/find", doors(), query={"q": "nothing"}).body)
    assert "No request has this reference or id." in page.words


def test_pages_are_light() -> None:
    """UX 90."""
    fifty = [row(request_id=f"01JDZK3V9W8XQ2M5R7T4Y6B{number:03}") for number in range(50)]
    at = doors()
    at.answers["GET", "/ops/requests"] = {"requests": fifty, "more": True, "next": "x", "total": 1204}
    queue = visit("/ops/requests", at, query={"view": "open"}).body
    assert len(gzip.compress(queue.encode())) < 10 * 1024
    whole = visit(ONE, full()).body
    picture = whole[whole.index('<svg class="machine"') : whole.index("</svg>", whole.index('<svg class="machine"'))]
    assert len(picture.encode()) < 12 * 1024
    sizes = {file.name.split(".")[0] + file.name[-4:]: len(gzip.compress(file.body.encode())) for file in files()}
    assert sum(sizes.values()) + len(gzip.compress(whole.encode())) < 60 * 1024
    assert max(len(file.body.encode()) for file in files() if file.name.endswith(".js")) < 15 * 1024


def files() -> Any:
    return pages("").files.values()


def test_files_ask_nobody_else_for_anything_and_turn_no_text_into_markup() -> None:
    for file in files():
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", file.body), file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", file.body)


def test_a_plot_says_its_numbers_in_a_table_too() -> None:
    page = Page(visit("/ops/overview", full()).body)
    assert "24 requests closed in 3 weeks, 3 of them late." in page.words
    assert "Last week with any: half within 6.5 days, nine in ten within 21.0." in page.words
    assert len(page.all("svg", **{"class": "plot"})) == 2
    assert page.words.count("16 Nov 2026") == 1


def test_an_overview_of_nothing_says_so_in_both_cards() -> None:
    at = doors()
    at.answers["GET", "/ops/overview"] = overview() | {
        "open": {},
        "open_total": 0,
        "oldest": None,
        "soonest": [],
    }
    assert [one.words for one in Page(visit("/ops/overview", at).body).all("td")] == ["Nothing is open."] * 2


@pytest.mark.parametrize(("who", "offered"), [(ANNA, ["resume", "stop"]), (BOPHA, ["stop"])])
def test_going_on_with_a_paused_intake_is_offered_to_approvers_only(who: Operator, offered: list[str]) -> None:
    at, path = doors(), f"/ops/bulk-closures/{OTHER}"
    at.answers["GET", path] = BULK | {"status": "paused", "results": [], "more": False}
    page = Page(visit(path, at, who=who).body)
    actions = [one.attributes["action"] for one in page.all("form")]
    assert [action.rpartition("/")[2] for action in actions if f"{path}/" in action] == offered


def test_an_error_without_a_session_is_a_page_that_leads_to_the_sign_in() -> None:
    answer = CONSOLE.problem(None, ApiError("sign_in_failed"), None)  # type: ignore[arg-type]
    page = Page(str(answer.body))
    assert [one.attributes["href"] for one in page.all("a")] == ["/mall/ops/sign-in"]
    arriving = Page(str(CONSOLE.arriving(None, "/mall/ops?a=1&b=2").body))  # type: ignore[arg-type]
    assert arriving.one("a").attributes["href"] == "/mall/ops?a=1&b=2"
    assert arriving.one("meta", **{"http-equiv": "refresh"}).attributes["content"] == "0;url=/mall/ops?a=1&b=2"
    assert Page(str(CONSOLE.signed_out(None).body)).one("h1").words == "You are signed out"  # type: ignore[arg-type]


def test_the_queue_is_narrowed_to_an_affiliate_of_the_register_or_of_the_address() -> None:
    at = doors()
    page = Page(visit("/ops/requests", at, query={"affiliate": "cpes"}).body)
    assert at.asked[-1] == ("/ops/requests", {"affiliate": "cpes"})
    assert page.one("option", value="cpes", selected="").words == "Cambodia Post E-Solutions"
    former = Page(visit("/ops/requests", doors(), query={"affiliate": "former"}).body)
    assert former.one("option", value="former", selected="").words == "former"
