"""From the bytes of a call to a request that is understood: digest, JSON, model, identities, in this order.

The signature covers the digest and the authoriser saw no body, so nothing of a body counts before its digest is that of
the bytes (RFC 9530; the authoriser lets no body pass without one).
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from affiliate_api.models import Asked, Extension, ExtensionBody, Identity, SubjectRequest
from affiliate_api.problems import OpenDsrError, not_valid, of_fields
from rights.affiliates.addresses import address_of
from rights.domain.identity import HASH_DIGITS, Kind, hash_of

MAX_BODY = 16 * 1024
_DIGEST = re.compile(r"\s*(sha-256|sha-512)=:([A-Za-z0-9+/]{43,88}={0,2}):\s*")
_OTHER_DIGEST = re.compile(r"\s*[a-z0-9*_.-]+=:[A-Za-z0-9+/=]*:\s*")


class Named(NamedTuple):
    """By what a person is named: readable contacts by kind, and hashes (`sha256:<hex>`) of further kinds."""

    typed: dict[str, str]
    hashed: dict[str, str]


def read(body: bytes, fields: Mapping[str, str], domain: str) -> Asked:
    """The request that a call brings; `fields` by lower-case name. OpenDsrError for whatever is none."""
    if len(body) > MAX_BODY:
        raise OpenDsrError("too_large")
    if not has_digest(body, fields.get("content-digest", "")):
        raise OpenDsrError("digest_mismatch")
    if fields.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise OpenDsrError("unsupported_media_type")
    _require_plain_json(body)
    try:
        request = SubjectRequest.model_validate_json(body)
    except ValidationError as error:
        raise of_fields(error.errors(include_url=False, include_context=False, include_input=False)) from None
    return Asked(request, _extension(request, domain))


def has_digest(body: bytes, told: str) -> bool:
    """Tell whether Content-Digest (RFC 9530) is that of these bytes: by one algorithm we know, and by none another."""
    known = []
    for member in told.split(","):
        found = _DIGEST.fullmatch(member)
        if found is None:
            if not _OTHER_DIGEST.fullmatch(member):
                return False
            continue
        algorithm = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}[found[1]]
        expected = base64.b64encode(algorithm(body).digest()).decode()
        known.append(hmac.compare_digest(expected, found[2]))
    return bool(known) and all(known)


def _require_plain_json(body: bytes) -> None:
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise OpenDsrError("malformed_body") from None
    if not isinstance(value, dict):
        raise OpenDsrError("malformed_body")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


def _no_constant(_: str) -> None:
    raise ValueError


def _extension(request: SubjectRequest, domain: str) -> Extension:
    ours = request.extensions.get(domain, {})
    try:
        text = json.dumps(ours | {"subject_request_type": request.subject_request_type})
        return ExtensionBody.model_validate_json(text)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        for one in problems:
            one["loc"] = ("extensions", *one["loc"])
        raise of_fields(problems) from None


def named(identities: Collection[Identity], indexed: Collection[tuple[Kind, str]]) -> Named:
    """By what the person is named; `indexed`: the kinds and forms of hashes that can be looked up.

    One of each kind, since two phones may be two people. A hash beside the readable value must be that value's.
    """
    if not identities:
        raise not_valid("subject_identities", "identity_missing")
    typed: dict[str, str] = {}
    hashes: dict[str, dict[str, str]] = {}
    for one in identities:
        value = one.in_our_form()
        if value is None:
            raise not_valid("subject_identities", "identity_not_valid")
        if one.is_hashed and (one.kind, one.identity_format) not in indexed:
            raise not_valid("subject_identities", "identity_not_supported")
        place = hashes.setdefault(one.kind, {}) if one.is_hashed else typed
        if place.setdefault(one.identity_format if one.is_hashed else one.kind.value, value) != value:
            raise not_valid("subject_identities", "identity_twice")
    for kind, forms in hashes.items():
        if kind in typed and any(hash_of(typed[kind], form) != digest for form, digest in forms.items()):
            raise not_valid("subject_identities", "identity_twice")
    strongest = sorted(HASH_DIGITS, key=lambda form: -HASH_DIGITS[form])
    hashed = {
        str(kind): next(f"{form}:{forms[form]}" for form in strongest if form in forms)
        for kind, forms in hashes.items()
        if kind not in typed
    }
    return Named(typed, hashed)


def require_registered(urls: Collection[str], hosts: Collection[str]) -> None:
    """Refuse an address for callbacks that is no plain https address on a host of the contract."""
    for url in urls:
        address = address_of(url)
        if address is None or address.host not in hosts:
            raise not_valid("status_callback_urls", "callback_host_not_registered")
