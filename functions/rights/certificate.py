"""Certificates of completion: JWS, signed with ES256 by a key that never leaves KMS, checkable by any JOSE library.

KMS signs in DER, JWS wants r||s (RFC 7518, 3.4). The key id is the thumbprint of the public key (RFC 7638).
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from rights.clock import parse
from rights.domain.rights import Operation
from rights.domain.status import Status
from rights.ledger.model import Request, Task

VERSION = 2
CERTIFICATE = "data-rights-certificate+jwt"
"""The type that the header of a certificate names."""
TOLD: dict[Operation, tuple[str, ...]] = {
    Operation.EXPORT: ("found", "exported"),
    Operation.ERASE: ("found", "erased", "anonymised", "retained", "kept"),
    Operation.CORRECT: ("corrected", "conflicts"),
    Operation.RESTRICT: ("flagged",),
    Operation.FREEZE: ("flagged",),
}
"""The counts that mean something for each operation: of records; for a correction of fields, for a flag of flags."""

_COORDINATE = 32
"""Bytes of a coordinate, and of each half of a signature, on P-256."""


def public_jwk(kms: Any, key_id: str) -> dict[str, str]:
    """The public half of a signing key as a JWK, its `kid` the RFC 7638 thumbprint."""
    key = load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])
    if not isinstance(key, EllipticCurvePublicKey):
        raise TypeError("certificates are signed on an elliptic curve")
    numbers = key.public_numbers()
    members = {
        "crv": "P-256",
        "kty": "EC",
        "x": _encoded(numbers.x.to_bytes(_COORDINATE, "big")),
        "y": _encoded(numbers.y.to_bytes(_COORDINATE, "big")),
    }
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return {**members, "alg": "ES256", "use": "sig", "kid": _encoded(hashlib.sha256(canonical).digest())}


def sign(kms: Any, key_id: str, claims: dict[str, Any], typ: str = CERTIFICATE) -> str:
    """The claims as a compact JWS of this type."""
    header = {"alg": "ES256", "kid": public_jwk(kms, key_id)["kid"], "typ": typ}
    text = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    answer = kms.sign(
        KeyId=key_id,
        Message=hashlib.sha256(text.encode()).digest(),
        MessageType="DIGEST",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    r, s = decode_dss_signature(answer["Signature"])
    return f"{text}.{_encoded(r.to_bytes(_COORDINATE, 'big') + s.to_bytes(_COORDINATE, 'big'))}"


def claims_of(jws: str) -> dict[str, Any]:
    """What a certificate of ours says, to be shown; its signature is not looked at."""
    body = jws.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def certificate_claims(request: Request, tasks: Iterable[Task], outcome: Status, issuer: str) -> dict[str, Any]:
    """What a certificate says: per store what was found and done, kept on which ground, and when it was verified.

    `version` is that of this shape: 2 tells what every operation did, and names what the request was limited to.
    `audit_head` is the hash of the request's history at this point, which binds the certificate to it.
    """
    return {
        "version": VERSION,
        "iss": issuer,
        "jti": request.id,
        "iat": _seconds(request, tasks := list(tasks)),
        "right": str(request.right),
        **({"scope": list(request.scope)} if request.scope else {}),
        **({"purposes": list(request.purposes)} if request.purposes else {}),
        "outcome": str(outcome),
        "received_at": request.received_at,
        "policy_version": request.policy_version,
        "data_map": request.data_map,
        "audit_head": request.head,
        **({"package": package} if (package := _package(request)) else {}),
        "stores": [_store(task) for task in tasks],
    }


def _package(request: Request) -> list[dict[str, Any]]:
    """The hash and size of each volume of the package, which bind its files to the certificate."""
    return [{"sha256": volume["sha256"], "size": volume["size"]} for volume in request.volumes]


def _seconds(request: Request, tasks: list[Task]) -> int:
    """The time of the last verification: the same whenever the step runs again."""
    return int(parse(max([t.verified_at for t in tasks if t.verified_at], default=request.received_at)).timestamp())


def _store(task: Task) -> dict[str, Any]:
    """What was done to one store; of what an operator left out, all or some collections, also on which ground."""
    if task.kind == "partner":
        return _recipient(task)
    counts = task.counts.to_dict()
    limits: dict[str, Any] = {"refused": task.refused, "until": task.keep_until}
    limits |= {"collections": list(task.collections), "withheld": task.withheld, "purposes": list(task.purposes)}
    return {
        "store": task.store,
        "operation": str(task.operation),
        **{name: value for name, value in limits.items() if value},
        **{name: counts[name] for name in TOLD[task.operation]},
        "verified_at": task.verified_at,
    }


def _recipient(task: Task) -> dict[str, Any]:
    """What a recipient answered: confirmed by it where it said so, and verified by nobody."""
    told: dict[str, Any] = {n: task.recipient[n] for n in ("asked_at", "results_count") if n in task.recipient}
    limits: dict[str, Any] = {"refused": task.refused, "until": task.keep_until, "purposes": list(task.purposes)}
    return {
        "store": task.store,
        "operation": str(task.operation),
        **{name: value for name, value in limits.items() if value},
        "recipient": task.recipient.get("answer"),
        **told,
        "confirmed_at": task.recipient.get("confirmed_at"),
    }


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
