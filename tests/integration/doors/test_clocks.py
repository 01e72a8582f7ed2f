"""The clock at the doors: what an operator may do to it, and how a person is told why the date is what it is."""

from datetime import timedelta

import pytest

from operator_api.clocks import ClockDoors
from operator_api.holds import HoldDoors
from public_api.status_page import as_page
from public_api.views import Shown, as_json
from public_api.words import CLOCK
from rights.clock import parse
from rights.domain.clock import PauseReason, Reason
from rights.domain.rights import Channel, Locale, Right
from rights.errors import IllegalTransitionError
from rights.http import ApiError
from rights.ledger import Ledger, NewRequest, Request
from tests.support.clock import StoppedClock


class Doors(HoldDoors, ClockDoors):
    """The operators' doors, as far as they are about clocks."""


@pytest.fixture
def doors(ledger: Ledger, clock: StoppedClock) -> Doors:
    return Doors(ledger, clock)


def proven(ledger: Ledger, jurisdiction: str = "KH", right: Right = Right.ACCESS) -> Request:
    new = NewRequest(
        right=right, channel=Channel.WEB, locale=Locale.EN, typed={"phone": "+85512345678"}, jurisdiction=jurisdiction
    )
    request = ledger.open_request(new).request
    ledger.store_code(request.id, "phone", "identity", "482913")
    ledger.try_code(request.id, "482913")
    return ledger.get(request.id)


def shown(ledger: Ledger, request: Request) -> Shown:
    return Shown(request, clock=ledger.reading(request))


# ---- operators


def test_an_operator_sees_the_rule_its_source_and_each_day(ledger: Ledger, doors: Doors) -> None:
    clock = doors.clock_of(proven(ledger).id)
    assert (clock["clock_rule"], clock["rule_source"]) == ("ttm-policy-2024/access@1", "policy 5(1)")
    assert clock["due_at"] == "2026-12-22T16:59:59.000000Z"
    assert [(s["reason"], s["days"]) for s in clock["due_explained"]] == [("receipt_day", "1"), ("base_term", "30")]


def test_an_operator_extends_a_term_once_and_for_a_reason_of_the_rule(ledger: Ledger, doors: Doors) -> None:
    request = proven(ledger, "DE")
    reasons = doors.clock_of(request.id)["extension_reasons"]
    assert reasons == ["complexity", "number_of_requests"]
    for wrong in ({"reason": "holiday"}, {"reason": 7}, {}, {"reason": "complexity", "days": 3}):
        with pytest.raises(ApiError) as error:
            doors.extend(request.id, wrong, "op-1")
        assert (error.value.code, set(error.value.fields)) == ("reason_not_in_rule", {"reason"})
    assert doors.extend(request.id, {"reason": reasons[0]}, "op-1")["extended"]
    with pytest.raises(ApiError) as again:
        doors.extend(request.id, {"reason": reasons[0]}, "op-1")
    assert (again.value.code, again.value.status) == ("already_extended", 409)


def test_the_mall_has_promised_no_longer_term(ledger: Ledger, doors: Doors) -> None:
    with pytest.raises(ApiError) as error:
        doors.extend(proven(ledger).id, {"reason": "complexity"}, "op-1")
    assert (error.value.code, error.value.status) == ("rule_has_no_extension", 409)


def test_an_ended_request_is_too_late_for_any_of_it(ledger: Ledger, doors: Doors) -> None:
    request = proven(ledger, "DE")
    ledger.withdraw(request.id)
    with pytest.raises(ApiError) as error:
        doors.extend(request.id, {"reason": "complexity"}, "op-1")
    assert error.value.code == "too_late"
    with pytest.raises(IllegalTransitionError):
        doors.pause(request.id, {}, "op-1")


def test_an_operator_stops_the_clock_and_starts_it_again(ledger: Ledger, doors: Doors, clock: StoppedClock) -> None:
    request = proven(ledger, "DE")
    assert doors.pause(request.id, {}, "op-1")["stands_still"] == "paused_for_clarification"
    clock.advance(days=4)
    going_on = doors.resume(request.id, "op-1")
    assert going_on["stands_still"] is None
    assert going_on["due_at"] > request.due_at
    with pytest.raises(ApiError):
        doors.pause(request.id, {"reason": "holiday"}, "op-1")


# ---- the person


def test_the_page_says_the_date_of_the_rule_and_never_a_fixed_term(ledger: Ledger) -> None:
    request = proven(ledger, right=Right.COMPLAINT)
    page = as_page(shown(ledger, request), Locale.EN)
    assert page["due_words"] == "We answer by 7 December 2026 at the latest."
    assert page["why_due"] == [
        "22 November 2026: the day your request came in does not count",
        "23 November 2026 to 7 December 2026: counts: our time to answer",
    ]


def test_a_person_we_wait_for_is_told_that_the_date_moves(ledger: Ledger, clock: StoppedClock) -> None:
    request = proven(ledger, "DE")
    ledger.stop_clock(request.id, PauseReason.CLARIFICATION, by="op-1")
    clock.advance(days=3)
    view = shown(ledger, ledger.get(request.id))
    assert "the date moves until you answer" in as_page(view, Locale.EN)["due_words"]
    assert as_json(view, knows=True)["due_at"] > request.due_at
    days = {segment["reason"]: segment["days"] for segment in as_json(view, knows=True)["due_explained"]}
    assert days["paused_for_clarification"] == "3"


def test_every_reason_of_the_clock_has_words() -> None:
    assert set(CLOCK) == set(Reason)


def test_the_status_answers_why_the_date_is_what_it_is(ledger: Ledger) -> None:
    request = proven(ledger)
    body = as_json(shown(ledger, request), knows=True)
    [received, term] = body["due_explained"]
    assert (received["counted"], term["counted"]) == ("no", "yes")
    assert term["source"] == "policy 5(1)"
    assert parse(body["due_at"]) - parse(request.received_at) > timedelta(days=30)
