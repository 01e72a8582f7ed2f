"""A clock that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta


class StoppedClock:
    def __init__(self, at: datetime = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        # Every reading is a little later, so that times written one after the other can be told apart.
        self.at += timedelta(microseconds=1)
        return self.at

    def advance(self, **parts: float) -> None:
        self.at += timedelta(**parts)
