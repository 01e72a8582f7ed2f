"""Days and moments are read as RFC 3339 writes them, and as nothing else."""

from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from rights.http_fields import Day, Moment

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
    ],
)
def test_no_other_moment_is(typed: object) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(typed)
