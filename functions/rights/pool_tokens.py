"""Identity tokens of a Cognito user pool, checked by ourselves: issuer, audience, use, times, and the signature.

Only ID tokens count: access tokens say neither the phone nor the email by which we know whether somebody acts on a
request about themselves. Source: Amazon Cognito, "Verifying JSON web tokens"; RFC 7515, 7517, 7519.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import urllib3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from rights.clock import Clock
from rights.errors import AwsUnavailableError

LONGEST_TOKEN = 16 * 1024
_LARGEST_ANSWER = 256 * 1024
_FORM = "application/x-www-form-urlencoded"
_CLOCKS_DIFFER = timedelta(seconds=60)
_ASKED_AGAIN = timedelta(seconds=60)
"""A key that is not known is asked for, but no more often: strangers make up as many names of keys as they like."""

Fetch = Callable[[], Mapping[str, Any]]


class PoolKeys:
    """The public keys of a pool by their id, fetched when first needed and when a token names one we do not know."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._fetched_at: datetime | None = None

    def key(self, kid: str) -> rsa.RSAPublicKey | None:
        """The key of this id; None where the pool has none; AwsUnavailableError while the pool cannot be asked."""
        if kid not in self._keys and self._may_ask():
            self._keys = _keys_of(self._fetch())
            self._fetched_at = self._clock()
        return self._keys.get(kid)

    def _may_ask(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at >= _ASKED_AGAIN


class PoolTokens:
    """The ID tokens that a pool gave to one client of ours."""

    def __init__(self, issuer: str, client_id: str, keys: PoolKeys, clock: Clock) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = keys
        self._clock = clock

    def claims(self, token: str) -> dict[str, Any] | None:
        """What a token says, if it is the pool's, for us, an ID token, and of now; None for every other."""
        parts = token.split(".")
        if len(token) > LONGEST_TOKEN or len(parts) != 3:
            return None
        head, said, signature = (_unpacked(part) for part in parts)
        header, claims = _object(head), _object(said)
        if header is None or claims is None or signature is None or header.get("alg") != "RS256":
            return None
        # What costs nothing is looked at first: nobody makes us ask for keys with a token that is not for us.
        if not self._is_for_us(claims) or not isinstance(kid := header.get("kid"), str):
            return None
        key = self._keys.key(kid)
        return claims if key is not None and _is_signed(key, f"{parts[0]}.{parts[1]}", signature) else None

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        now = self._clock().timestamp()
        leeway = _CLOCKS_DIFFER.total_seconds()
        issued, ends = claims.get("iat"), claims.get("exp")
        in_time = isinstance(issued, int) and isinstance(ends, int) and issued - leeway <= now < ends
        wanted = {"iss": self._issuer, "aud": self._client_id, "token_use": "id"}
        subject = claims.get("sub")
        return in_time and isinstance(subject, str) and all(claims.get(name) == value for name, value in wanted.items())


def fetching(url: str) -> Fetch:
    """How the key set at an address is fetched: within a few seconds, without detours."""

    def fetch() -> Mapping[str, Any]:
        return answer_of("GET", url)[1]

    return fetch


def answer_of(method: str, url: str, fields: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Status and JSON object that an address of the pool answers with; AwsUnavailableError where it does not.

    `fields` travel as a form. A status of 500 and more counts as no answer.
    """
    form = urlencode(fields).encode() if fields else None
    headers = {"Accept": "application/json"} | ({"Content-Type": _FORM} if form else {})
    try:
        reply = urllib3.request(
            method,
            url,
            body=form,
            headers=headers,
            timeout=urllib3.Timeout(connect=3, read=5),
            retries=urllib3.Retry(connect=1, read=0, redirect=0),
            preload_content=False,
        )
        body = reply.read(_LARGEST_ANSWER, decode_content=True)
        reply.release_conn()
    except urllib3.exceptions.HTTPError:
        raise AwsUnavailableError("the user pool does not answer") from None
    if reply.status >= 500 or (found := _object(body)) is None:
        raise AwsUnavailableError("the user pool does not answer as it should")
    return reply.status, found


def _keys_of(key_set: Mapping[str, Any]) -> dict[str, rsa.RSAPublicKey]:
    """The RSA keys of a key set that are for signatures; others are passed over."""
    found = {}
    for one in key_set.get("keys", ()):
        numbers = [_unpacked(one.get(name, "")) for name in ("e", "n")]
        if one.get("kty") == "RSA" and one.get("use", "sig") == "sig" and one.get("kid") and all(numbers):
            exponent, modulus = (int.from_bytes(number or b"", "big") for number in numbers)
            found[str(one["kid"])] = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return found


def _is_signed(key: rsa.RSAPublicKey, text: str, signature: bytes) -> bool:
    try:
        key.verify(signature, text.encode(), padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _unpacked(text: str) -> bytes | None:
    """The bytes of base64url without padding; None for what is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _object(text: bytes | None) -> dict[str, Any] | None:
    try:
        value = json.loads(text or b"")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
