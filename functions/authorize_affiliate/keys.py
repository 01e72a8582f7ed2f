"""The public keys of affiliates: a parameter each, so that a key changes without a deployment.

`{"<name of the key>": {"alg": "ed25519", "public_key": "<PEM>"}}`; both the old and the new key may be there while an
affiliate changes over. A `keyid` is `<affiliate>/<name of the key>`.
"""

import json
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from authorize_affiliate.signature import PublicKey
from rights.clock import Clock
from rights.telemetry import logger

KEPT = timedelta(seconds=60)
"""How long keys are used before they are read again: a key that is taken away opens nothing a minute later."""

Algorithm = Literal["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"]


class _Registered(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    alg: Algorithm
    public_key: Annotated[str, Field(max_length=3000)]


_KEYS = TypeAdapter(dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")], _Registered])


class Key(NamedTuple):
    """A public key and what it is used with."""

    algorithm: str
    key: PublicKey


class AffiliateKeys:
    """The registered keys; `prefix` is what the names of the parameters begin with."""

    def __init__(self, ssm: Any, prefix: str, clock: Clock) -> None:
        self._ssm = ssm
        self._prefix = prefix
        self._clock = clock
        self._known: dict[str, tuple[datetime, dict[str, Key]]] = {}

    def find(self, affiliate: str, name: str) -> Key | None:
        """The key of this name; `None` for one that is not registered (any more)."""
        now = self._clock()
        known = self._known.get(affiliate)
        if known is None or now - known[0] >= KEPT:
            known = self._known[affiliate] = now, self._read(affiliate)
        return known[1].get(name)

    def _read(self, affiliate: str) -> dict[str, Key]:
        try:
            answer = self._ssm.get_parameter(Name=f"{self._prefix}/{affiliate}/keys")
            registered = _KEYS.validate_python(json.loads(answer["Parameter"]["Value"]))
        except self._ssm.exceptions.ParameterNotFound:
            return {}
        except ValueError:
            logger.error("the keys of an affiliate cannot be read", extra={"code": "affiliate_keys_unreadable"})
            return {}
        return {name: key for name, one in registered.items() if (key := _key(one)) is not None}


def _key(registered: _Registered) -> Key | None:
    try:
        key = load_pem_public_key(registered.public_key.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return (
        Key(registered.alg, key) if isinstance(key, Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey) else None
    )
