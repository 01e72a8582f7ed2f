"""The keys that signed: published before the first thing each of them signs, and for as long as anything lives on it.

A public key lies as a JWK at `keys/<kid>.json` in the audit bucket, where nothing is overwritten and nothing expires.
So a key that was replaced stays published without anybody doing anything, also once KMS has forgotten it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from rights.certificate import public_jwk, sign
from rights.clock import Clock

_FOLDER = "keys/"
KNOWN_FOR = timedelta(minutes=5)
"""How long a process answers with the keys it read: a new one is published before anybody has something it signed."""


class Signer:
    """Signs with the key of today, after it was published."""

    def __init__(self, kms: Any, key_id: str, s3: Any, bucket: str) -> None:
        self._kms = kms
        self._key_id = key_id
        self._s3 = s3
        self._bucket = bucket
        self._is_published = False

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """The claims as a compact JWS (ES256) of this type."""
        if not self._is_published:
            self._publish(public_jwk(self._kms, self._key_id))
            self._is_published = True
        return sign(self._kms, self._key_id, dict(claims), typ)

    def _publish(self, jwk: Mapping[str, str]) -> None:
        with suppress(self._s3.exceptions.from_code("PreconditionFailed")):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=f"{_FOLDER}{jwk['kid']}.json",
                Body=json.dumps(jwk).encode(),
                ContentType="application/jwk+json",
                ChecksumAlgorithm="SHA256",
                IfNoneMatch="*",
            )


class PublicKeys:
    """The public keys as a JWK set: the one of today, and every one that was published before."""

    def __init__(self, kms: Any, key_id: str, s3: Any, bucket: str, clock: Clock) -> None:
        self._current: Callable[[], dict[str, str]] = lambda: public_jwk(kms, key_id)
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._known: tuple[datetime, dict[str, Any]] | None = None

    def __call__(self) -> dict[str, Any]:
        """The set, read anew every few minutes."""
        now = self._clock()
        if self._known is None or self._known[0] + KNOWN_FOR <= now:
            self._known = now, self._read()
        return self._known[1]

    def _read(self) -> dict[str, Any]:
        current = self._current()
        retired = (jwk for jwk in self._published() if jwk["kid"] != current["kid"])
        return {"keys": [current, *sorted(retired, key=lambda jwk: str(jwk["kid"]))]}

    def _published(self) -> Iterator[dict[str, str]]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_FOLDER):
            for item in page.get("Contents", ()):
                yield json.loads(self._s3.get_object(Bucket=self._bucket, Key=item["Key"])["Body"].read())
