"""Whose word counts: signatures over raw bytes, under a certificate of the partner's own domain that holds today."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from local.partners.authority import Authority
from rights.errors import StoreRefusedError
from rights.stores.opendsr.trust import is_signed, signing_key

HOST = "opendsr.partner.example"
AUTHORITY = Authority()
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("trust") / "ca.pem"
    file.write_bytes(AUTHORITY.pem)
    return str(file)


def signed(key_pem: bytes, body: bytes) -> str:
    key = load_pem_private_key(key_pem, None)
    assert isinstance(key, RSAPrivateKey)
    return base64.b64encode(key.sign(body, PKCS1v15(), hashes.SHA256())).decode()


def test_what_a_partner_signed_is_its_word_and_no_byte_of_it_may_change(trusted: str) -> None:
    certificate, private = AUTHORITY.issue(HOST)
    key, until = signing_key(certificate, HOST, authorities=trusted, now=NOW)
    assert NOW + timedelta(days=29) < until < NOW + timedelta(days=31)
    body = b'{"request_status": "completed"}'
    signature = signed(private, body)
    assert is_signed(body, signature, key)
    assert not is_signed(body + b" ", signature, key)
    assert not is_signed(body, signed(AUTHORITY.issue(HOST)[1], body), key)
    for broken in ("", "!", signature[:-4], "\n" + signature, signature + "AAAA"):
        assert not is_signed(body, broken, key)


@pytest.mark.parametrize(
    "bad",
    [
        AUTHORITY.issue("other.example")[0],
        AUTHORITY.issue(HOST, since=NOW - timedelta(days=9), until=NOW - timedelta(days=1))[0],
        AUTHORITY.issue(HOST, since=NOW + timedelta(days=1), until=NOW + timedelta(days=9))[0],
        Authority("Somebody else").issue(HOST)[0],
        Authority("Local partners").issue(HOST)[0],
        AUTHORITY.issue(HOST, bits=1024)[0],
        AUTHORITY.pem,
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ],
    ids=["of another host", "over", "not yet", "of an unknown authority", "of one that calls itself ours", "short key",
         "the authority's own", "none", "broken"],
)  # fmt: skip
def test_a_certificate_that_is_not_to_be_trusted_gives_no_key(bad: bytes, trusted: str) -> None:
    with pytest.raises(StoreRefusedError, match=r"^certificate_refused$"):
        signing_key(bad, HOST, authorities=trusted, now=NOW)


def test_a_registered_certificate_is_the_only_one_that_will_do(trusted: str) -> None:
    certificate, _ = AUTHORITY.issue(HOST)
    pin = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()
    assert signing_key(certificate, HOST, authorities=trusted, now=NOW, pins=(pin,))
    with pytest.raises(StoreRefusedError, match=r"^certificate_not_registered$"):
        signing_key(AUTHORITY.issue(HOST)[0], HOST, authorities=trusted, now=NOW, pins=(pin,))


def test_no_authority_of_the_public_internet_vouches_for_ours(tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Authority("Others").pem)
    with pytest.raises(StoreRefusedError):
        signing_key(AUTHORITY.issue(HOST)[0], HOST, authorities=str(other), now=NOW)
