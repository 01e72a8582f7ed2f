"""HTTP Message Signatures (RFC 9421), as far as affiliates' calls go: what is signed, by which key, and whether it is.

A signature covers method, address and, where there is a body, its digest (RFC 9530) and type, so that it serves for
this one call at this one place. The address is ours, not what the call says of it: a signature made for another host or
path never fits. Components with parameters and more than one signature are refused: no affiliate needs them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import http_sf
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

WINDOW = 300
"""Seconds that an affiliate's clock and ours may be apart, either way."""
MOST = 2048
"""Characters of a signature header."""
WITH_BODY = frozenset({"POST"})

_WHERE = (frozenset({"@target-uri"}), frozenset({"@authority", "@path"}))
"""Either of these says where a call goes; a query is no part of any address of ours, and refused."""
_BODY = frozenset({"content-digest", "content-type"})
_NONCE = re.compile(r"[A-Za-z0-9+/=_.-]{16,128}")
_FIELD = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


class Reason(StrEnum):
    """Why a call is refused; told in our log, not to the caller."""

    NOT_SIGNED = "not_signed"
    MALFORMED = "malformed"
    NOT_COVERED = "not_covered"
    """Something that has to be signed is not."""
    STALE = "stale"
    UNKNOWN_KEY = "unknown_key"
    FORGED = "forged"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: where it goes by our own address, and its header fields by lower-case name, each with its lines."""

    method: str
    scheme: str
    authority: str
    path: str
    has_query: bool
    fields: Mapping[str, Sequence[str]]

    def value_of(self, component: str) -> str | None:
        """The value of a component (RFC 9421 sections 2.1 and 2.2); `None` for one this call has not."""
        derived = {
            "@method": self.method,
            "@scheme": self.scheme,
            "@authority": self.authority,
            "@path": self.path,
            "@query": "?",
            "@target-uri": f"{self.scheme}://{self.authority}{self.path}",
            "@request-target": self.path,
        }
        return derived.get(component) if component.startswith("@") else self.field(component)

    def field(self, name: str) -> str | None:
        """The lines of a header field as one."""
        lines = self.fields.get(name)
        return None if lines is None else ", ".join(line.strip() for line in lines)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signature says of itself, before anything of it was checked but its form."""

    components: tuple[str, ...]
    parameters: Mapping[str, Any]
    as_signed: str
    """Components and parameters as they stand in the signature base."""
    signature: bytes

    @property
    def key_id(self) -> str:
        """The key that is said to have signed."""
        return str(self.parameters["keyid"])

    @property
    def nonce(self) -> str:
        """What makes this signature one that is used once."""
        return str(self.parameters["nonce"])

    @property
    def created(self) -> int:
        """When it was made, in seconds since 1970."""
        return int(self.parameters["created"])


def claim_of(call: Call) -> Claim | Reason:
    """What the one signature of a call claims, or why it cannot be one that lets anybody in."""
    told, signature = call.field("signature-input") or "", call.field("signature") or ""
    if not told or not signature:
        return Reason.NOT_SIGNED
    if len(told) > MOST or len(signature) > MOST:
        return Reason.MALFORMED
    try:
        inputs, signatures = _dictionary(told), _dictionary(signature)
    except (ValueError, UnicodeEncodeError, RecursionError):
        return Reason.MALFORMED
    if len(inputs) != 1 or inputs.keys() != signatures.keys():
        return Reason.MALFORMED
    [(label, (members, parameters))] = inputs.items()
    [(value, _)] = signatures.values()
    names = _names(members)
    if names is None or not isinstance(value, bytes) or not _is_told_whole(parameters):
        return Reason.MALFORMED
    as_signed = http_sf.ser({label: (members, parameters)}).partition("=")[2]
    return Claim(names, parameters, as_signed, value)


def is_missing(claim: Claim, call: Call) -> Reason | None:
    """What is wrong with how much a signature covers, if anything; an address with a query is covered by none."""
    covered = set(claim.components)
    has_digest = call.method in WITH_BODY or "content-digest" in call.fields
    whole = "@method" in covered and any(where <= covered for where in _WHERE) and (not has_digest or covered >= _BODY)
    return None if whole and not call.has_query else Reason.NOT_COVERED


def is_fresh(claim: Claim, now: float) -> bool:
    """Tell whether it was made just now, and has not expired by its own word."""
    expires = claim.parameters.get("expires")
    return abs(now - claim.created) <= WINDOW and (expires is None or now < int(expires))


def is_made_by(claim: Claim, call: Call, algorithm: str, key: PublicKey) -> bool:
    """Tell whether the holder of this key signed just this call."""
    base = base_of(claim, call)
    if base is None or claim.parameters.get("alg", algorithm) != algorithm:
        return False
    try:
        _verify(algorithm, key, claim.signature, base)
    except (InvalidSignature, ValueError):
        return False
    return True


def base_of(claim: Claim, call: Call) -> bytes | None:
    """The signature base (RFC 9421 section 2.5); `None` where a component is not there or cannot be signed."""
    lines = []
    for name in claim.components:
        value = call.value_of(name)
        if value is None or not value.isascii() or not value.replace("\t", " ").isprintable():
            return None
        lines.append(f'"{name}": {value}')
    return "\n".join([*lines, f'"@signature-params": {claim.as_signed}']).encode()


def _verify(algorithm: str, key: PublicKey, signature: bytes, base: bytes) -> None:
    """InvalidSignature unless it fits (RFC 9421 section 3.3)."""
    match algorithm, key:
        case "ed25519", Ed25519PublicKey():
            key.verify(signature, base)
        case "ecdsa-p256-sha256", EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1) and len(signature) == 64:
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), base, ECDSA(hashes.SHA256()))
        case "rsa-pss-sha512", RSAPublicKey() if key.key_size >= 2048:
            pss = padding.PSS(mgf=padding.MGF1(hashes.SHA512()), salt_length=64)
            key.verify(signature, base, pss, hashes.SHA512())
        case _:
            raise InvalidSignature


def _dictionary(text: str) -> dict[str, Any]:
    def refuse(name: str, _: str) -> None:
        raise ValueError(name)

    found: Any = http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=refuse)
    return {label: member if isinstance(member, tuple) else (member, {}) for label, member in found.items()}


def _names(members: Any) -> tuple[str, ...] | None:
    """The components that are covered, each once and without parameters."""
    if not isinstance(members, list):
        return None
    names = []
    for member in members:
        value, parameters = member if isinstance(member, tuple) else (member, {})
        if type(value) is not str or parameters or value in names:
            return None
        if not value.startswith("@") and not _FIELD.fullmatch(value):
            return None
        names.append(value)
    return tuple(names)


def _is_told_whole(parameters: Mapping[str, Any]) -> bool:
    texts = [parameters.get(name) for name in ("keyid", "nonce", *({"alg"} & parameters.keys()))]
    numbers = [parameters.get(name) for name in ("created", *({"expires"} & parameters.keys()))]
    return (
        all(type(text) is str for text in texts)
        and all(type(number) is int for number in numbers)
        and bool(_NONCE.fullmatch(str(parameters["nonce"])))
        and len(str(parameters["keyid"])) <= 128
    )
