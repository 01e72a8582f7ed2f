"""The pool's tokens: which one lets an operator in, and which of them are none of ours."""

import base64
import json
from typing import Any

import pytest

from rights.ledger import Ledger
from tests.integration.doors.conftest import POOL, Door, desk_of
from tests.support.clock import StoppedClock
from tests.support.pool import CLIENT_ID, Pool, packed

STRANGER = Pool()


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://cognito-idp.ap-southeast-1.amazonaws.com/ap-southeast-1_Other"}, "another pool"),
        ({"aud": "another-client"}, "another client"),
        ({"aud": None, "client_id": CLIENT_ID, "token_use": "access"}, "an access token"),
        ({"token_use": "access"}, "not an ID token"),
        ({"exp": 1}, "over"),
        ({"exp": None}, "without an end"),
        ({"exp": "9999999999"}, "an end that is none"),
        ({"iat": 9999999999}, "of the future"),
        ({"sub": None}, "of nobody"),
    ],
)
def test_a_token_that_is_not_for_us_is_none(
    ledger: Ledger, clock: StoppedClock, claims: dict[str, Any], why: str
) -> None:
    door = Door(desk_of(ledger, clock))
    token = POOL.token("op-1", "operator", at=clock(), **claims)
    assert door("GET", "/ops/me", token=token).status == 401, why


def test_a_token_that_the_pool_did_not_sign_is_none(ledger: Ledger, clock: StoppedClock) -> None:
    door = Door(desk_of(ledger, clock))
    good = POOL.token("op-1", "viewer", at=clock())
    head, said, signature = good.split(".")
    other = STRANGER.token("op-1", "approver", at=clock())
    claims = {"sub": "op-1", "cognito:groups": ["approver"]}
    forged = [
        other,
        f"{head}.{other.split('.')[1]}.{signature}",
        f"{packed(json.dumps({'alg': 'none', 'kid': POOL.kid}).encode())}.{said}.",
        f"{packed(json.dumps({'alg': 'HS256', 'kid': POOL.kid}).encode())}.{said}.{signature}",
        STRANGER.signed(claims, {"alg": "RS256"}),
        "..",
        "a.b.c",
        good + "A" * 20_000,
        f"{head}.{said}",
        f"{head}.{said}.{signature}.x",
        f"{packed(b'[]')}.{said}.{signature}",
    ]
    assert [door("GET", "/ops/me", token=token).status for token in forged] == [401] * len(forged)
    assert door("GET", "/ops/me", token=good).status == 200
    assert door("GET", "/ops/me", headers={"Authorization": f"Basic {good}"}).status == 401


def test_keys_are_fetched_when_needed_and_a_made_up_name_of_a_key_is_asked_for_once_a_minute(
    ledger: Ledger, clock: StoppedClock
) -> None:
    door = Door(desk_of(ledger, clock))
    before = POOL.asked
    for number in range(5):
        token = STRANGER.signed(json.loads(json.dumps(claims_of(clock))), {"alg": "RS256", "kid": f"made-up-{number}"})
        assert door("GET", "/ops/me", token=token).status == 401
    assert POOL.asked == before + 1
    assert door("GET", "/ops/me", token=POOL.token("op-1", "viewer", at=clock())).status == 200
    assert POOL.asked == before + 1


def claims_of(clock: StoppedClock) -> dict[str, Any]:
    said = POOL.token("op-1", "viewer", at=clock()).split(".")[1]
    loaded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    return loaded
