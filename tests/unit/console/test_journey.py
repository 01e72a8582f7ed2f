"""The way of a request through the machine, from its events: where it was, how often, where it stands."""

from typing import Any

import pytest

from operator_api.console.picture import picture
from operator_api.journey import Journey, journey
from tests.unit.console.answers import EVENTS, event, request, task


def way(*codes: tuple[str, str], status: str, **facts: Any) -> Journey:
    events = [event(number, code, to) for number, (code, to) in enumerate(codes, start=1)]
    return journey(request(events=events, status=status, tasks=facts.pop("tasks", []), **facts))


def looks(found: Journey) -> dict[str, str]:
    return {name: place.look for name, place in found.places.items()}


def test_a_new_request_stands_at_the_proof_of_identity_and_waits_for_the_person() -> None:
    found = way(("received", "received"), status="received")
    assert found.here == "VerifyIdentity"
    assert found.places["VerifyIdentity"].look == "waiting"
    assert found.places["VerifyIdentity"].waits_for == "person"
    assert {look for name, look in looks(found).items() if name != "VerifyIdentity"} == {"ahead"}


def test_whoever_was_proven_at_the_door_needs_no_proof() -> None:
    found = way(("received", "verified"), status="verified")
    assert looks(found)["VerifyIdentity"] == "skipped"
    assert found.here == "PlanRequest"


def test_what_was_passed_by_without_stopping_was_not_needed() -> None:
    found = journey(request())
    assert found.here == "FulfilStores"
    shown = looks(found)
    assert shown["FulfilStores"] == "now"
    assert [shown[name] for name in ("VerifyIdentity", "PlanRequest", "CoolOff", "BeginWork")] == ["done"] * 4
    assert [shown[name] for name in ("Confirm", "Review")] == ["skipped"] * 2
    assert shown["Close"] == "ahead"


def test_a_loop_is_counted_and_not_drawn() -> None:
    found = journey(request())
    assert found.places["BeginWork"].times == 2
    assert found.places["FulfilStores"].times == 2
    assert found.places["Repair"].times == 1


def test_stores_are_counted_in_the_one_box_of_both_maps() -> None:
    found = journey(request())
    assert (found.places["FulfilStores"].done, found.places["FulfilStores"].total) == (3, 6)
    [box] = [box for box in picture(found).boxes if box.place.name == "FulfilStores"]
    assert box.line == "3 of 6 stores"


@pytest.mark.parametrize(
    ("status", "here", "look", "waits_for"),
    [
        ("confirm_needed", "Confirm", "waiting", "person"),
        ("in_review", "Review", "needs_person", "operator"),
        ("question", "Review", "waiting", "person"),
        ("cooling_off", "CoolOff", "waiting", "pause"),
        ("needs_repair", "Repair", "needs_person", "operator"),
    ],
)
def test_where_somebody_is_waited_for_it_says_for_whom(status: str, here: str, look: str, waits_for: str) -> None:
    found = way(("received", "received"), ("identity_proven", "verified"), ("planned", "verified"), status=status)
    assert found.here == here
    assert (found.places[here].look, found.places[here].waits_for) == (look, waits_for)


def test_until_when_is_told_by_the_wait() -> None:
    until = "2026-12-01T00:00:00.000000Z"
    waits = [{"state": "CoolOff", "generation": 1, "until": until, "answered_at": None}]
    found = way(("received", "received"), ("cooling_off_begun", "cooling_off"), status="cooling_off", waits=waits)
    assert found.places["CoolOff"].until == until


def test_a_refusal_ends_where_it_was_decided_and_needs_nothing_behind_it() -> None:
    found = way(
        ("received", "received"),
        ("identity_proven", "verified"),
        ("planned", "verified"),
        ("review_asked", "in_review"),
        ("refused", "refused"),
        status="refused",
    )
    assert found.here is None
    assert found.places["Review"].look == "ended"
    assert found.places["FulfilStores"].look == "skipped"


def test_a_request_that_joins_work_ends_where_its_own_would_have_begun() -> None:
    found = way(
        ("received", "received"),
        ("planned", "verified"),
        ("cooling_off_begun", "cooling_off"),
        ("joined_work_begun", "withdrawn"),
        status="withdrawn",
    )
    assert (found.places["CoolOff"].look, found.places["BeginWork"].look) == ("done", "ended")
    assert found.places["FulfilStores"].look == "skipped"


def test_a_whole_way_ends_with_every_step_done() -> None:
    events = [*EVENTS, event(10, "certificate_ready", "in_progress"), event(11, "closed", "completed")]
    found = journey(request(events=events, status="completed", closed_at=events[-1]["at"]))
    shown = looks(found)
    assert found.here is None
    assert {shown[name] for name in ("Assemble", "Notify", "Close", "FulfilStores")} == {"done"}
    assert ("FulfilStores", "Assemble") in found.taken
    assert ("Notify", "Close") in found.taken


def test_when_all_stores_are_done_the_answer_is_assembled() -> None:
    found = journey(request(tasks=[task("orders")]))
    assert found.here == "Assemble"


def test_the_way_by_the_review_leads_on_to_the_work() -> None:
    found = way(
        ("received", "received"),
        ("planned", "verified"),
        ("review_asked", "in_review"),
        ("approved", "in_review"),
        ("work_begun", "in_progress"),
        status="in_progress",
        tasks=[task("orders", "working")],
    )
    taken = [way_.path for way_ in picture(found).ways if way_.taken]
    assert len(taken) == 4  # to the plan, aside to the review, past the cooling-off, down to the stores


def test_events_in_any_order_tell_the_same() -> None:
    assert journey(request(events=list(reversed(EVENTS)))).places == journey(request()).places


def test_a_code_nobody_knows_changes_nothing() -> None:
    assert journey(request(events=[*EVENTS, event(10, "hummed", "in_progress")])).places == journey(request()).places
