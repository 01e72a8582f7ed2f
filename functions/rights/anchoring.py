"""The daily digest of the audit: the heads of all histories that have grown, signed, where nobody can change it.

A digest names the one before by its hash, so none can be left out or put in another's place, and an empty day has one
too. Ids are random and a head is a hash: a digest says nothing of anybody, and may outlive the requests it names.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

from rights.certificate import claims_of
from rights.domain.mall_time import today_in_the_mall
from rights.ledger import Ledger
from rights.ledger.anchors import Anchor, Head
from rights.settings import Settings
from rights.signing_keys import Signer

DIGEST = "data-rights-digest+jwt"
"""The type that the header of a digest names."""

MOST_HEADS = 5000
"""A day with more of them has several digests: each is read and checked whole."""


class AnchorSettings(Settings):
    """Where digests go, and who signs."""

    audit_bucket: str
    sign_key_id: str
    base_url: str


def digest_key(number: int) -> str:
    """Where a digest lies in the audit bucket; the order of names is that of the chain."""
    return f"digests/{number:08d}.jws"


class Anchoring:
    """Makes the digests of a day. May be killed anywhere: the next run takes up what it finds."""

    def __init__(
        self, ledger: Ledger, s3: Any, signer: Signer, settings: AnchorSettings, *, most_heads: int = MOST_HEADS
    ) -> None:
        self._ledger = ledger
        self._s3 = s3
        self._signer = signer
        self._settings = settings
        self._most = most_heads

    def run(self, time_is_up: Callable[[], bool]) -> dict[str, int]:
        """Make what is missing of today's digests; return how many were made and how many heads they name."""
        counts = {"digests": 0, "heads": 0, "left": 0}
        today = today_in_the_mall(self._ledger.clock())
        while (last := self._ledger.anchor()).day != today or last.more:
            if time_is_up():
                return counts | {"left": 1}
            counts["heads"] += self._make(last, today)
            counts["digests"] += 1
        return counts

    def _make(self, last: Anchor, today: str) -> int:
        """Make the digest after `last`: put it away, let go of the marks it answers, record it."""
        heads = list(islice(self._ledger.unanchored(), self._most))
        claims = {
            "version": 1,
            "iss": self._settings.base_url,
            "iat": int(self._ledger.clock().timestamp()),
            "number": last.number + 1,
            "day": today,
            "previous": last.hash,
            "more": len(heads) == self._most,
            "heads": [list(head) for head in heads],
        }
        digest = self._put_away(last.number + 1, self._signer.sign(claims, DIGEST))
        told = claims_of(digest)
        hashed = hashlib.sha256(digest.encode()).hexdigest()
        # A run that dies before the record finds its digest when it comes again, and lets go of just what that names.
        self._ledger.anchored(Head(*head) for head in told["heads"])
        self._ledger.anchor_made(Anchor(number=told["number"], day=told["day"], hash=hashed, more=told["more"]))
        return len(told["heads"])

    def _put_away(self, number: int, digest: str) -> str:
        """The digest of this number as it lies in the bucket: ours, or that of a run that died before it told of it."""
        place = {"Bucket": self._settings.audit_bucket, "Key": digest_key(number)}
        with suppress(self._s3.exceptions.from_code("PreconditionFailed")):
            self._s3.put_object(
                **place,
                Body=digest.encode(),
                ContentType="application/jose",
                ChecksumAlgorithm="SHA256",
                IfNoneMatch="*",
            )
            return digest
        found: str = self._s3.get_object(**place)["Body"].read().decode()
        return found
