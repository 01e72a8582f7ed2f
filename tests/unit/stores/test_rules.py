from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.domain.work import Disposition, Kept
from rights.errors import DataMapError
from rights.stores.rules import Judgement, add_period, day_of, emptied, is_settled, judge, rule_fields
from tests.unit.stores.maps import collection, field, one

TEN_YEARS = {"period": "P10Y", "counted_from": "placed_at", "ground": 11, "reason": "statutory", "source": "law"}
DISPUTE = {
    "field": "status", "equals": "open", "ground": 7, "period": "P1Y", "reason": "dispute", "source": "policy",
}  # fmt: skip
ORDERS = one(
    collection(
        "orders",
        field("id", primary_key=True),
        field("placed_at"),
        field("status"),
        field("name", {"on_deletion": "constant", "constant": "-"}),
        field("phone", {"on_deletion": "null"}),
        retention=TEN_YEARS,
        retain_when=[DISPUTE],
    )
)
ANONYMISED = ORDERS.model_copy(update={"rights": ORDERS.rights.model_copy(update={"anonymise_kept": True})})
TODAY = "2025-11-22"


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2016-02-29", "P10Y", "2026-02-28"),
        ("2023-11-22", "P24M", "2025-11-22"),
        ("2025-08-31", "P6M", "2026-02-28"),
        ("2025-11-22", "P1Y2M3W4D", "2027-02-16"),
        ("2025-11-22", "P90D", "2026-02-20"),
    ],
)
def test_a_period_ends_on_the_same_day_or_on_the_last_of_the_month(start: str, period: str, end: str) -> None:
    assert add_period(date.fromisoformat(start), period) == date.fromisoformat(end)


@pytest.mark.parametrize("period", ["", "P", "10Y", "PT5H", "P-1Y", "P1.5Y"])
def test_what_is_no_period_of_days_is_refused(period: str) -> None:
    with pytest.raises(DataMapError):
        add_period(date(2025, 1, 1), period)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 40), st.integers(0, 40))
def test_a_longer_period_never_ends_earlier(start: date, months: int, more: int) -> None:
    assert add_period(start, f"P{months}M") <= add_period(start, f"P{months + more}M")


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (datetime(2025, 11, 21, 18, tzinfo=UTC), date(2025, 11, 22)),
        (datetime(2025, 11, 21, 18), date(2025, 11, 21)),  # noqa: DTZ001 - a column without zone
        (date(2025, 11, 21), date(2025, 11, 21)),
        ("2025-11-21T16:59:59Z", date(2025, 11, 21)),
        ("2025-11-21T17:00:00+00:00", date(2025, 11, 22)),
        ("2025-11-21", date(2025, 11, 21)),
        (1763744400, date(2025, 11, 22)),
        ("soon", None),
        (None, None),
        (True, None),
        ([], None),
        (float("inf"), None),
    ],
)
def test_the_day_of_a_value_is_the_day_in_phnom_penh(value: Any, day: date | None) -> None:
    assert day_of(value) == day


def test_a_record_is_kept_to_the_last_day_of_its_term_and_goes_the_day_after() -> None:
    kept = Judgement(Disposition.RETAIN, Kept(11, TODAY, 1, "statutory"))
    assert judge(ORDERS, {"placed_at": "2015-11-22"}, TODAY) == kept
    assert judge(ORDERS, {"placed_at": "2015-11-21"}, TODAY) == Judgement(Disposition.ERASE)


def test_a_term_whose_start_is_unknown_is_counted_from_today() -> None:
    assert judge(ORDERS, {}, TODAY).kept == Kept(11, "2035-11-22", 1, "statutory")


def test_an_open_dispute_keeps_a_record_as_it_is_before_anything_else() -> None:
    row = {"placed_at": "2001-01-01", "status": "open"}
    kept = Judgement(Disposition.RETAIN, Kept(7, "2026-11-22", 1, "dispute"))
    assert judge(ORDERS, row, TODAY) == kept
    assert judge(ANONYMISED, row, TODAY) == kept


def test_a_tag_keeps_an_object() -> None:
    tagged = {"tag": "dispute"} | {name: value for name, value in DISPUTE.items() if name != "field"}
    files = one(collection("files", field("key", primary_key=True), retain_when=[tagged]))
    assert judge(files, {}, TODAY, {"dispute": "open"}).disposition is Disposition.RETAIN
    assert judge(files, {}, TODAY, {"dispute": "closed"}).disposition is Disposition.ERASE
    assert judge(files, {}, TODAY).disposition is Disposition.ERASE


def test_a_record_under_its_term_may_be_anonymised_instead_and_is_then_settled() -> None:
    row: dict[str, Any] = {"placed_at": "2025-01-01", "name": "X", "phone": None}
    judgement = judge(ANONYMISED, row, TODAY)
    assert judgement.disposition is Disposition.ANONYMISE
    assert not is_settled(ANONYMISED, row, judgement)
    assert is_settled(ANONYMISED, row | emptied(ANONYMISED), judgement)


def test_a_record_that_is_to_be_erased_is_never_settled() -> None:
    assert not is_settled(ORDERS, emptied(ORDERS), Judgement(Disposition.ERASE))


def test_the_rules_read_no_more_than_they_name() -> None:
    assert rule_fields(ORDERS) == {"placed_at", "status", "name", "phone"}
