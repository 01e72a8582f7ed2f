"""Signatures of webhooks: HMAC-SHA256 over the time and the raw body, under a key that only both ends know.

`X-Gateway-Timestamp` is the time in seconds since 1970, `X-Gateway-Signature` is `v1=` and the lower-case hex tag of
`<timestamp>.<body>`. The time is signed too, so a message that was listened to is of no use after a few minutes.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from rights.secrets_hmac import same

WINDOW = timedelta(seconds=300)
"""How far the sender's clock and ours may be apart, either way."""

_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v1=[0-9a-f]{64}")


def signature_of(body: bytes, timestamp: str, key: bytes) -> str:
    """The signature of a body sent at a time."""
    return "v1=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, timestamp: str, signature: str, keys: Iterable[bytes], now: datetime) -> bool:
    """Tell, in constant time for each key, whether a body was signed with one of the keys, and just now."""
    if not _SECONDS.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        return False
    matches = [same(signature_of(body, timestamp, key), signature) for key in keys]
    return any(matches)
