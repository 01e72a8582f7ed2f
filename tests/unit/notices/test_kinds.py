"""The table of notices: what is owed, to whom, and what may come at night."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.domain.mall_time import MALL_TIME
from rights.domain.notices import NOTICES, Audience
from rights.domain.quiet_hours import morning_after, waits_until
from rights.notices.tags import notice_of, tag_of
from rights.notices.texts import TEXTS

FAR = datetime(2027, 1, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, 0, 0, tzinfo=MALL_TIME)
MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def test_every_kind_of_notice_has_its_words() -> None:
    assert set(NOTICES) == set(TEXTS)


def test_everything_but_codes_and_reminders_is_owed_to_the_person() -> None:
    assert {kind for kind, rule in NOTICES.items() if not rule.is_legal} == {"code", "reminder"}


def test_only_codes_and_warnings_may_come_at_night() -> None:
    assert {kind for kind, rule in NOTICES.items() if rule.may_wake} == {"code", "cooling_off", "asked_for_you"}


def test_what_could_be_the_work_of_somebody_else_goes_to_every_contact_on_file() -> None:
    told = {kind for kind, rule in NOTICES.items() if rule.audience is Audience.ON_FILE}
    assert told == {"cooling_off", "asked_for_you", "contact_changed", "closed_by_mall"}


@pytest.mark.parametrize(
    ("hour", "minute", "is_night"), [(6, 59, True), (7, 0, False), (20, 59, False), (21, 0, True), (0, 0, True)]
)
def test_the_night_is_from_nine_to_seven_in_phnom_penh(hour: int, minute: int, is_night: bool) -> None:
    now = MIDNIGHT.replace(hour=hour, minute=minute)
    assert (morning_after(now) is not None) is is_night


def test_a_text_message_of_the_evening_waits_for_the_next_morning() -> None:
    evening = MIDNIGHT - timedelta(hours=2)
    assert waits_until("completed", "phone", now=evening, due_at=FAR) == MORNING


def test_a_text_message_after_midnight_waits_for_the_same_morning() -> None:
    assert waits_until("completed", "phone", now=MIDNIGHT, due_at=FAR) == MORNING


def test_a_mail_waits_for_nothing() -> None:
    assert waits_until("completed", "email", now=MIDNIGHT, due_at=FAR) is None


@pytest.mark.parametrize("kind", ["code", "cooling_off", "asked_for_you"])
def test_codes_and_warnings_wait_for_nothing(kind: str) -> None:
    assert waits_until(kind, "phone", now=MIDNIGHT, due_at=FAR) is None


def test_an_answer_that_the_night_would_make_late_goes_out_at_night() -> None:
    evening = MIDNIGHT - timedelta(hours=2)
    due = MIDNIGHT - timedelta(seconds=1)
    assert waits_until("completed", "phone", now=evening, due_at=due) is None
    assert waits_until("reminder", "phone", now=evening, due_at=due) == MORNING


def test_an_answer_that_is_late_anyway_wakes_nobody() -> None:
    assert waits_until("completed", "phone", now=MIDNIGHT, due_at=MIDNIGHT - timedelta(days=1)) == MORNING


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_whoever_waits_wakes_up_by_day_and_within_ten_hours(now: datetime) -> None:
    morning = morning_after(now)
    if morning is not None:
        assert timedelta(0) < morning - now <= timedelta(hours=10)
        assert morning_after(morning) is None


@pytest.mark.parametrize(
    "notice_id", ["code.new_contact-phone-001", "cooling_off.on_file-email-012", "refused-email-001"]
)
def test_the_id_of_a_notice_comes_back_from_its_tag(notice_id: str) -> None:
    assert notice_of(tag_of(notice_id)) == notice_id
