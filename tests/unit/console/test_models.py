"""The tables and bars of a request: what they say, before any template."""

from datetime import timedelta
from typing import Any

import pytest

from operator_api.console.affiliate import affiliate
from operator_api.console.history import Filters, history
from operator_api.console.sla import WIDTH, left_in_words, sla
from operator_api.console.tasks import work
from rights.notices.grounds import GROUND
from tests.unit.console.answers import (
    BOPHA,
    EVENTS,
    NOW,
    SEGMENTS,
    callback,
    clock,
    event,
    handed_in,
    request,
    row,
    task,
)


def test_the_clock_says_day_date_and_what_is_left() -> None:
    shown = sla(clock(), request(), NOW)
    assert shown.headline == "Day 11 of 30, due 15 Dec 2026, 19 days left"
    assert (shown.state, shown.tone) == ("on time", "done")


def test_the_last_day_is_due_today_and_the_day_after_is_overdue() -> None:
    due = "2026-11-26T16:59:59.000000Z"
    assert left_in_words(due, NOW) == "due today"
    assert left_in_words(due, NOW + timedelta(days=1)) == "1 day overdue"
    assert left_in_words(due, NOW - timedelta(days=1)) == "1 day left"


def test_days_are_those_of_phnom_penh() -> None:
    late_evening_in_utc = NOW.replace(hour=18)
    assert left_in_words("2026-11-27T16:59:59.000000Z", late_evening_in_utc) == "due today"


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"overdue": True}, "overdue"),
        ({"stands_still": "paused_for_identity"}, "paused: stopped for the proof of identity"),
        ({"work_by": "2026-11-28T16:59:59.000000Z"}, "internal date near"),
        ({"work_by": "2026-11-20T16:59:59.000000Z"}, "internal date passed"),
    ],
)
def test_the_clock_has_a_word_for_each_state(facts: dict[str, Any], state: str) -> None:
    assert sla(clock(**facts), request(), NOW).state == state


def test_counted_days_end_today_and_paused_ones_are_parts_of_their_own() -> None:
    paused = {**SEGMENTS[1], "from": "2026-11-20", "to": "2026-11-22", "counted": "no", "reason": "paused_for_identity"}
    before = {**SEGMENTS[1], "to": "2026-11-19"}
    after = {**SEGMENTS[1], "from": "2026-11-23", "to": "2026-12-18"}
    shown = sla(clock(due_explained=[SEGMENTS[0], before, paused, after]), request(), NOW)
    assert [part.look for part in shown.parts] == ["counted", "paused", "counted"]
    assert all(part.x + part.width <= WIDTH for part in shown.parts)
    assert shown.parts[0].x + shown.parts[0].width == shown.parts[1].x
    assert max(part.x + part.width for part in shown.parts) < WIDTH


def test_a_closed_request_says_how_early_it_was() -> None:
    shown = sla(clock(), request(closed_at="2026-12-10T02:00:00.000000Z"), NOW)
    assert shown.headline == "Closed on 10 Dec 2026, 5 d before the date"
    assert shown.state == "stopped"
    assert not any(tick.name == "today" for tick in shown.ticks)


def test_what_does_not_add_up_comes_first_and_says_both_sides() -> None:
    shown = work([task("accounts", found=3, erased=3), task("orders", found=42, erased=30, retained=8)], GROUND)
    assert shown.rows[0].store == "orders"
    assert shown.rows[0].check == "found 42, but erased + anonymised + retained = 38"
    assert shown.mismatches == 1
    assert shown.rows[1].check == "adds up"


def test_only_what_is_done_and_counted_is_checked() -> None:
    tasks = [
        task("accounts", "working", found=9),
        task("login.freeze", operation="freeze"),
        task("cpes", kind="partner", found=5, recipient={"answer": "done"}),
    ]
    assert [one.check for one in work(tasks, GROUND).rows] == ["", "", ""]


def test_an_access_is_checked_by_what_was_exported() -> None:
    [shown] = work([task("orders", operation="export", found=5, exported=4)], GROUND).rows
    assert shown.check == "found 5, but exported = 4"


def test_what_is_kept_names_its_ground_in_words() -> None:
    kept = [{"ground": 11, "until": "2034-12-31", "records": 8, "reason": "statutory_records"}]
    [shown] = work([task("orders", found=8, retained=8, kept=kept)], GROUND).rows
    assert shown.kept == ("8 until 31 Dec 2034: a law requires it",)


def test_columns_are_those_of_the_operations() -> None:
    assert work([task("orders", operation="export")], GROUND).columns == ("found", "exported")
    assert work([task("orders")], GROUND).columns == ("found", "erased", "anonymised", "retained")


def test_a_failed_store_can_be_retried_and_a_waiting_partner_taken_back() -> None:
    failed, waiting = task("orders", "failed"), task("cpes", "waiting", recipient={"asked_at": "2026-11-24T00:00:00Z"})
    shown = {one.store: one for one in work([failed, waiting], GROUND).rows}
    assert shown["orders"].can_retry
    assert shown["cpes"].can_take_back
    assert not shown["cpes"].can_retry


def test_events_come_newest_first_with_the_time_since_the_one_before() -> None:
    rows = history(EVENTS, Filters(), NOW)
    assert [one.version for one in rows] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert rows[-1].elapsed == ""
    assert rows[-2].elapsed == "23 h"
    assert history(EVENTS, Filters(oldest_first=True), NOW)[0].version == 1


def test_repeats_in_a_row_are_one_line_that_says_how_often() -> None:
    tries = [event(number, "run_ended", "in_progress") for number in (1, 2, 3)]
    [shown] = history(tries, Filters(), NOW)
    assert shown.tried.startswith("3 times, last ")
    assert [one.version for one in shown.earlier] == [2, 1]
    assert len(history([*tries, event(4, "closed", "completed")], Filters(), NOW)) == 2


def test_the_history_is_filtered_by_kind_and_by_whoever_acted() -> None:
    assert [one.code for one in history(EVENTS, Filters("failed"), NOW)] == ["repair_asked"]
    assert [one.by for one in history(EVENTS, Filters(by="operator"), NOW)] == [BOPHA.id]
    assert {one.code for one in history(EVENTS, Filters(by="person"), NOW)} == {"received", "identity_proven"}


def test_a_filter_nobody_knows_shows_everything() -> None:
    assert Filters.of({"events": "<script>", "by": "nobody"}) == Filters()


def test_a_callback_says_how_it_fared_and_when_it_is_tried_again() -> None:
    waiting = callback(
        "completed", "queued", attempts=3, error_class="http_503", next_try_at="2026-11-26T07:04:00.000000Z"
    )
    shown = affiliate(handed_in(callback(), waiting, callback("cancelled", "given_up", attempts=16, error_class="x")))
    assert shown is not None
    assert [(one.told, one.tag, one.tone, one.line) for one in shown.words] == [
        ("In progress", "told", "done", "26 Nov 2026, 12:00, 1 try"),
        ("Completed", "not told yet", "wait", "3 tries, last in vain: http_503, next try by 26 Nov 2026, 14:04"),
        ("Cancelled", "given up", "bad", "16 tries, last in vain: x"),
    ]


def test_an_address_is_numbered_where_an_affiliate_named_several() -> None:
    several = affiliate(handed_in(callback(), callback(address=2), addresses=2))
    assert several is not None
    assert [one.address for one in several.words] == [1, 2]
    alone = affiliate(handed_in(callback()))
    assert alone is not None
    assert alone.words[0].address is None


def test_an_affiliate_that_is_told_nothing_has_the_reason_in_words() -> None:
    shown = [affiliate(handed_in(addresses=number)) for number in (0, 1)]
    assert [one.nothing for one in shown if one] == ["It wants no callbacks.", "It is told nothing yet."]
    assert affiliate(None) is None


def test_an_affiliate_without_a_contract_any_more_has_its_id_for_a_name() -> None:
    shown = affiliate(handed_in(name=None, is_asserted=True))
    assert shown is not None
    assert (shown.name, shown.proof) == ("cpes", "its word alone")


def test_a_row_of_the_queue_has_no_person_in_it() -> None:
    assert {"name", "phone", "email"}.isdisjoint(row())
