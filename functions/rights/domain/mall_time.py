"""The time of the mall: its days begin and end in Phnom Penh, where there is no summer time."""

from datetime import datetime
from zoneinfo import ZoneInfo

MALL_TIME = ZoneInfo("Asia/Phnom_Penh")


def today_in_the_mall(now: datetime) -> str:
    """The date in Phnom Penh, against which retention is judged."""
    return now.astimezone(MALL_TIME).date().isoformat()
