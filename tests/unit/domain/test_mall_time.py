from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rights.domain.mall_time import today_in_the_mall

moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given one


@given(moments)
def test_today_is_the_date_in_the_mall_where_there_is_no_summer_time(now: datetime) -> None:
    assert today_in_the_mall(now) == (now + timedelta(hours=7)).date().isoformat()
