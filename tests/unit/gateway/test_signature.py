"""Only what the gateway signed just now, to the last byte, is let in."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway_api.signature import is_signed, signature_of

KEY, OLD_KEY, OTHER_KEY = (letter * 64 for letter in (b"k", b"o", b"x"))
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
BODY = '{"phone": "+85512345678", "keyword": "ឈប់"}'.encode()


def passes(
    *, body: bytes = BODY, signed: bytes = BODY, at: int = SECOND, key: bytes = KEY, keys: tuple[bytes, ...] = (KEY,)
) -> bool:
    return is_signed(body, str(at), signature_of(signed, str(at), key), keys, NOW)


def test_the_signature_is_an_hmac_over_the_time_a_dot_and_the_body() -> None:
    by_hand = hmac.new(KEY, f"{SECOND}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert is_signed(BODY, str(SECOND), f"v1={by_hand}", (KEY,), NOW)


def test_a_body_that_differs_in_one_byte_is_refused_wherever_it_differs() -> None:
    assert passes()
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        assert not passes(body=changed)
    assert not passes(body=BODY + b"\n")
    assert not passes(body=b"")


@pytest.mark.parametrize(("apart", "fresh"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_message_is_good_for_five_minutes_on_either_side_of_our_clock(apart: int, fresh: bool) -> None:
    assert passes(at=SECOND + apart) is fresh


def test_the_time_is_signed_too() -> None:
    assert not is_signed(BODY, str(SECOND + 1), signature_of(BODY, str(SECOND), KEY), (KEY,), NOW)


def test_another_key_is_refused() -> None:
    assert not passes(key=OTHER_KEY)
    assert not passes(keys=())


def test_during_a_rotation_the_new_key_and_the_old_one_are_good() -> None:
    assert passes(key=KEY, keys=(KEY, OLD_KEY))
    assert passes(key=OLD_KEY, keys=(KEY, OLD_KEY))
    assert not passes(key=OTHER_KEY, keys=(KEY, OLD_KEY))


@pytest.mark.parametrize(
    "timestamp", ["", " ", "now", "-1", "1.5", "١٧٩٥", f" {SECOND}", f"{SECOND}\n", "9" * 400, "\ud800"]
)
def test_a_time_that_is_none_is_refused(timestamp: str) -> None:
    assert not is_signed(BODY, timestamp, "v1=" + "0" * 64, (KEY,), NOW)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda s: s[3:],
        lambda s: s.replace("v1", "v2"),
        lambda s: s[:-1],
        lambda s: s + "0",
        lambda s: s + "\n",
        lambda _: "",
        lambda _: "v1=ឈប់",
    ],
)
def test_a_signature_of_another_shape_is_refused(change: Callable[[str], str]) -> None:
    signature = signature_of(BODY, str(SECOND), KEY)
    assert not is_signed(BODY, str(SECOND), change(signature), (KEY,), NOW)
