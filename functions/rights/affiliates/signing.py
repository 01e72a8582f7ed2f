"""Our own signature under what affiliates get: RSA-SHA256 over the bytes, by a key that never leaves KMS.

Source: OpenDSR 2.0, sections 4 and 8.8. The certificate of the key, which a trusted authority issued for the domain,
lies in a parameter; discovery says where it is published.
"""

import base64
import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from rights.clock import Clock

CERTIFICATE_KEPT = timedelta(minutes=5)
"""How long a certificate is published before it is looked at anew."""


class BodySigner:
    """Signs bodies in the name of a domain."""

    def __init__(self, kms: Any, key_id: str, domain: str) -> None:
        self.domain = domain
        self._kms = kms
        self._key_id = key_id
        # What is the same for everybody (discovery) is signed once a process, whoever asks how often.
        self._signature = lru_cache(64)(self._sign)

    def headers(self, body: bytes) -> dict[str, str]:
        """The header fields that say whose these bytes are."""
        digest = hashlib.sha256(body).digest()
        return {"X-OpenDSR-Processor-Domain": self.domain, "X-OpenDSR-Signature": self._signature(digest)}

    def _sign(self, digest: bytes) -> str:
        kms = self._kms
        answer = kms.sign(
            KeyId=self._key_id,
            Message=digest,
            MessageType="DIGEST",
            SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
        )
        return base64.b64encode(answer["Signature"]).decode()


class Certificate:
    """The certificate of the key, and what leads from it to its authority, as PEM."""

    def __init__(self, ssm: Any, name: str, clock: Clock) -> None:
        self._ssm = ssm
        self._name = name
        self._clock = clock
        self._known: tuple[datetime, str | None] | None = None

    def __call__(self) -> str | None:
        """The certificate; `None` while nobody has put one there."""
        now = self._clock()
        if self._known is None or now - self._known[0] >= CERTIFICATE_KEPT:
            self._known = now, self._read()
        return self._known[1]

    def _read(self) -> str | None:
        ssm = self._ssm
        try:
            text = str(ssm.get_parameter(Name=self._name)["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            return None
        return text if "BEGIN CERTIFICATE" in text else None
