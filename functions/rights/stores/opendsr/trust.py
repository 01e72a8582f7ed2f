"""Whether a partner said something: RSA-SHA256 over the raw bytes, under a certificate of its own domain.

Source: OpenDSR 2.0, sections 4 and 8.8, and its security guidelines: the certificate comes from a trusted authority,
names the processor's domain, and holds at this moment. A certificate that its owner signed itself is none.
"""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from rights.errors import StoreRefusedError

_SHORTEST = 2048
"""Bits."""


@cache
def _authorities(file: str) -> Store:
    return Store(x509.load_pem_x509_certificates(Path(file).read_bytes()))


def signing_key(
    pem: bytes, host: str, *, authorities: str, now: datetime, pins: Collection[str] = ()
) -> tuple[RSAPublicKey, datetime]:
    """The key that a host signs with, and until when its certificate holds; StoreRefusedError for none to be trusted.

    `pem` is the certificate, and whatever leads from it to one of the `authorities` (a file); `pins`, if any, are the
    only certificates that will do.
    """
    try:
        own, *between = x509.load_pem_x509_certificates(pem)
        verifier = PolicyBuilder().store(_authorities(authorities)).time(now)
        verifier.build_server_verifier(x509.DNSName(host)).verify(own, between)
        key = own.public_key()
    except (ValueError, VerificationError, UnsupportedAlgorithm):
        raise StoreRefusedError("certificate_refused") from None
    if pins and own.fingerprint(hashes.SHA256()).hex() not in pins:
        raise StoreRefusedError("certificate_not_registered")
    if not isinstance(key, RSAPublicKey) or key.key_size < _SHORTEST:
        raise StoreRefusedError("certificate_refused")
    return key, own.not_valid_after_utc


def is_signed(body: bytes, signature: str, key: RSAPublicKey) -> bool:
    """Tell whether the holder of the key signed just these bytes; `signature` is base64, as in the header."""
    try:
        key.verify(base64.b64decode(signature, validate=True), body, PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
