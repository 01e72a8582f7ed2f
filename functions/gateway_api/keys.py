"""The gateway's keys: the current one and, so that both ends can change over one after the other, the one before."""

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from rights.clock import Clock

KEPT = timedelta(seconds=60)
"""How long the keys are used before they are read again: a new one is accepted everywhere a minute after it is set."""
SHORTEST = 32
"""Bytes; a shorter text in the secret is a mistake, not a key."""


class GatewayKeys:
    """The keys of one secret; calling it gives those that are accepted now."""

    def __init__(self, manager: Any, secret_id: str, clock: Clock) -> None:
        self._manager = manager
        self._secret_id = secret_id
        self._clock = clock
        self._read_at: datetime | None = None
        self._keys: tuple[bytes, ...] = ()

    def __call__(self) -> tuple[bytes, ...]:
        """The current key and the previous one, if there is one."""
        now = self._clock()
        if self._read_at is None or now - self._read_at >= KEPT:
            texts = (self._text("AWSCURRENT"), self._text("AWSPREVIOUS"))
            self._keys = tuple(text.encode() for text in texts if len(text.encode()) >= SHORTEST)
            self._read_at = now
        return self._keys

    def _text(self, stage: str) -> str:
        try:
            answer = self._manager.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        except ClientError as error:
            # A secret that was never changed has no previous version; one without a current version is broken.
            if stage == "AWSPREVIOUS" and error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return ""
            raise
        return str(answer["SecretString"])
