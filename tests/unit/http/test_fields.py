"""Days and moments are read as RFC 3339 writes them, and as nothing else."""

from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from rights.http_fields import Day, Moment, whole

DAY: TypeAdapter[date] = TypeAdapter(Day)
MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def test_a_day_and_a_moment_are_read() -> None:
    assert DAY.validate_python("2026-12-31") == date(2026, 12, 31)
    assert MOMENT.validate_python("2026-11-22T03:00:00Z") == datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert MOMENT.validate_python("2026-11-22T10:00:00.5+07:00") == datetime(2026, 11, 22, 3, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed", [0, 1_700_000_000, 1.5, True, "1700000000", "2026-02-30", "2026-12-31T00:00:00", None]
)
def test_no_other_day_is(typed: object) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(typed)


@pytest.mark.parametrize(
    "typed",
    [
        0,
        1_700_000_000,
        "1700000000",
        "2026-11-22",
        "2026-11-22T03:00:00",
        "2026-11-22 03:00:00Z",
        "٢٠٢٦-11-22T03:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1969-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_no_other_moment_is(typed: object) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(typed)


@pytest.mark.parametrize(("typed", "number"), [("0", 0), ("007", 7), ("999999999", 999_999_999), (12, 12)])
def test_a_whole_number_is_read_from_text_or_as_it_is(typed: object, number: int) -> None:
    assert whole(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", "²", "٣", "៣", "-1", "+1", " 1", "1_0", "1.0", "1" * 10, "9" * 5000, -1, 10**9, 10**4000, 1.0, True, None],
)
def test_no_other_number_is(typed: object) -> None:
    assert whole(typed) is None
