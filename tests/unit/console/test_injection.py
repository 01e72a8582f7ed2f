"""Whatever people or other systems wrote is text on a page, in every place where it is shown."""

from typing import Any

import pytest

from operator_api.people import Operator
from rights.http import ApiError
from tests.unit.console.answers import (
    ID,
    OTHER,
    Doors,
    callback,
    doors,
    event,
    handed_in,
    overview,
    plan,
    planned,
    request,
    row,
    task,
    visit,
)
from tests.unit.console.reading import Page

EVIL = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>{{7*7}}"
ONE = f"/ops/requests/{ID}"
MALLORY = Operator("mallory", frozenset({"approver"}), name=EVIL)


def hostile() -> Doors:
    """Doors that answer with markup wherever an answer holds a text."""
    at = doors()
    evil_task = task("orders", "failed", error_class=EVIL, recipient={"answer": EVIL})
    facts: dict[str, Any] = {
        "status": "in_review",
        "review": EVIL,
        "requester": "guardian",
        "tasks": [evil_task, task(EVIL)],
        "events": [event(1, EVIL, "received", EVIL, detail={EVIL: EVIL}, hash=EVIL)],
        "operators": {EVIL: EVIL},
        "policy_version": EVIL,
        "notices": [{"id": "1", "kind": EVIL, "channel": EVIL, "status": EVIL, "sent_at": None, "contact": EVIL}],
        "attention": EVIL,
        "handed_in": handed_in(
            callback(EVIL, EVIL, error_class=EVIL), affiliate=EVIL, name=EVIL, subject_request_id=EVIL
        ),
    }
    evil_store = planned("orders", by={EVIL: 3}, conflicts=[EVIL], categories={EVIL: [EVIL]})
    at.answers |= {
        ("GET", ONE): request(**facts),
        ("GET", f"{ONE}/plan"): plan(review="guardian", stores=[evil_store], evidence_missing=[EVIL]),
        ("GET", f"{ONE}/evidence"): {"evidence": [{"number": 1, "kind": EVIL, "status": "received"}]},
        ("GET", "/ops/overview"): overview(overdue=1),
        ("GET", "/ops/requests"): {"requests": [row(failing=[EVIL], waits_for=EVIL, locale=EVIL)], "next": EVIL},
        ("GET", "/ops/holds"): {
            "holds": [
                {"id": OTHER, "ground": EVIL, "until": "2027-01-01", "by": EVIL, "placed_at": None, "lifted_at": None}
            ]
        },
        ("POST", f"{ONE}/reveal"): {"message": EVIL},
        ("POST", f"{ONE}/decision"): ApiError("changed_meanwhile"),
        ("POST", "/ops/requests"): ApiError("invalid_request"),
        ("POST", "/ops/search"): ApiError("phone_not_valid"),
        ("POST", "/ops/holds"): ApiError("invalid_request"),
        ("POST", "/ops/bulk-closures"): ApiError("invalid_request"),
        ("POST", f"/ops/bulk-closures/{OTHER}/people"): ApiError("invalid_request"),
        ("GET", f"/ops/bulk-closures/{OTHER}"): {
            "bulk_id": OTHER,
            "by": EVIL,
            "status": "draft",
            "created_at": None,
            "approved_at": None,
            "approved_by": None,
            "ended_at": None,
            "listed": 1,
            "place": None,
            "results": [{"result": EVIL}],
            "more": False,
        },
        ("POST", "/ops/replays"): ApiError("invalid_request"),
        ("POST", "/ops/breach-export"): ApiError("invalid_request"),
    }
    return at


def assert_is_text(body: str) -> None:
    page = Page(body)
    assert not page.all("img", src="x")
    assert [one.attributes["src"].startswith("/mall/ops/static/") for one in page.all("script")] == [True]
    assert "{{7*7}}" in body
    assert not [name for one in page.elements for name in one.attributes if name.startswith("on")]


@pytest.mark.parametrize("path", [ONE, f"{ONE}/decide", f"{ONE}/audit", "/ops", "/ops/runs", "/ops/holds"])
def test_what_doors_answer_is_text_on_the_page(path: str) -> None:
    assert_is_text(visit(path, hostile(), who=MALLORY, query={"request_id": ID}).body)


@pytest.mark.parametrize("path", ["/ops/requests", "/ops/find", "/ops/holds", ONE])
def test_what_an_address_says_is_text_on_the_page(path: str) -> None:
    names = (
        "q",
        "status",
        "right",
        "store",
        "affiliate",
        "due_before",
        "view",
        "cursor",
        "request_id",
        "events",
        "by",
        "done",
    )
    assert_is_text(visit(path, hostile(), who=MALLORY, query=dict.fromkeys(names, EVIL)).body)


FORMS = (
    (
        "/ops/requests",
        ("right", "phone", "email", "message", "requester_name", "change_to", "scope", "key", "received_at"),
    ),
    ("/ops/search", ("phone", "email")),
    ("/ops/holds", ("phone", "email", "request_id", "ground", "until")),
    ("/ops/bulk-closures", ("key", "locale")),
    (f"/ops/bulk-closures/{OTHER}/people", ("part", "people")),
    ("/ops/replays", ("store", "restored_to")),
    ("/ops/breach-export", ("store", "since", "until", "reason")),
    (f"{ONE}/reveal", ("what", "reason")),
    (f"{ONE}/decision", ("text", "version", "plan", "ground")),
)


@pytest.mark.parametrize(("path", "names"), FORMS, ids=[path for path, _ in FORMS])
def test_what_is_typed_into_a_form_comes_back_as_text(path: str, names: tuple[str, ...]) -> None:
    form = dict.fromkeys(names, EVIL) | ({"decision": "ask"} if path.endswith("/decision") else {})
    assert_is_text(visit(path, hostile(), who=MALLORY, form=form).body)


@pytest.mark.parametrize("decision", ["ask", "approve", "refuse"])
def test_what_is_typed_into_a_decision_is_text_in_its_check(decision: str) -> None:
    form = {"decision": decision, "text": EVIL, "ground": "11", "leave.orders": EVIL, f"leave.{EVIL}": EVIL, EVIL: EVIL}
    assert_is_text(visit(f"{ONE}/decide", hostile(), who=MALLORY, form=form).body)
