# ruff: noqa: ARG002 - a fake keeps the names of what it stands for
"""HTTP Message Signatures: the vectors of RFC 9421, another's implementation, and everything that lets nobody in."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

from authorize_affiliate.judging import Judge, Verdict, policy
from authorize_affiliate.keys import Key
from authorize_affiliate.signature import Call, Claim, Reason, base_of, is_made_by
from rights.affiliates.registry import Affiliate, load_registry

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
BASE_URL = "https://rights.mall.example/prod"
ED25519 = ed25519.Ed25519PrivateKey.generate()
P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ALGORITHMS: dict[str, tuple[Any, Any]] = {
    "ed25519": (algorithms.ED25519, ED25519),
    "ecdsa-p256-sha256": (algorithms.ECDSA_P256_SHA256, P256),
    "rsa-pss-sha512": (algorithms.RSA_PSS_SHA512, RSA),
}
DIGEST = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
COVERED = ("@method", "@authority", "@path", "content-type", "content-digest")


@dataclass
class Message:
    """What another's signer signs."""

    method: str = "POST"
    url: str = f"{BASE_URL}/opendsr/v2/requests"
    headers: dict[str, str] = field(
        default_factory=lambda: {"Content-Type": "application/json", "Content-Digest": DIGEST}
    )

    def event(self, **changes: Any) -> dict[str, Any]:
        """As API Gateway tells the authoriser of it: the stage is not in the path."""
        path = self.url.removeprefix(BASE_URL)
        whole = {
            "httpMethod": self.method,
            "path": path,
            "multiValueHeaders": {name: [value] for name, value in self.headers.items()},
            "multiValueQueryStringParameters": None,
        }
        return whole | changes


class OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: Any) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Any:
        return self._key

    def resolve_public_key(self, key_id: str) -> Any:
        return self._key.public_key()


def signed(message: Message | None = None, algorithm: str = "ed25519", key: Any = None, **how: Any) -> Message:
    message = message or Message()
    kind, own = ALGORITHMS[algorithm]
    signer = HTTPMessageSigner(signature_algorithm=kind, key_resolver=OneKey(key or own))
    told: dict[str, Any] = {
        "key_id": f"cpes/{algorithm}",
        "created": NOW,
        "nonce": "n" * 24,
        "covered_component_ids": COVERED,
    }
    signer.sign(message, **(told | how), use_existing_digest="Content-Digest" in message.headers)
    return message


@dataclass
class Book:
    """The registered keys, and the nonces that were used."""

    nonces: set[tuple[str, str]] = field(default_factory=set)
    until: list[int] = field(default_factory=list)

    def find(self, affiliate: str, name: str) -> Key | None:
        return Key(name, ALGORITHMS[name][1].public_key()) if name in ALGORITHMS else None

    def used_first(self, affiliate: str, nonce: str, until: int) -> bool:
        self.until.append(until)
        is_new = (affiliate, nonce) not in self.nonces
        self.nonces.add((affiliate, nonce))
        return is_new


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def judge(book: Book) -> Callable[..., Verdict]:
    def judge(message: Message, now: datetime = NOW, **changes: Any) -> Verdict:
        return Judge(load_registry(), book, book, BASE_URL, lambda: now).judge(message.event(**changes))

    return judge


VECTOR_KEY = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
VECTOR = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="


def test_the_vector_of_the_standard_fits() -> None:
    # RFC 9421, appendix B.2.6.
    fields = {"date": ["Tue, 20 Apr 2021 02:07:55 GMT"], "content-type": ["application/json"], "content-length": ["18"]}
    call = Call("POST", "https", "example.com", "/foo", False, fields)
    names = ("date", "@method", "@path", "@authority", "content-type", "content-length")
    params = {"created": 1618884473, "keyid": "test-key-ed25519"}
    as_signed = f'({" ".join(f"{chr(34)}{n}{chr(34)}" for n in names)});created=1618884473;keyid="test-key-ed25519"'
    claim = Claim(names, params, as_signed, base64.b64decode(VECTOR))
    key: Any = load_der_public_key(base64.b64decode(VECTOR_KEY))
    assert is_made_by(claim, call, "ed25519", key)
    assert not is_made_by(claim, replace(call, path="/bar"), "ed25519", key)
    assert (base_of(claim, call) or b"").splitlines()[1] == b'"@method": POST'


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_anothers_signer_signed_lets_its_affiliate_in(judge: Callable[..., Verdict], algorithm: str) -> None:
    verdict = judge(signed(algorithm=algorithm))
    assert verdict.affiliate is not None
    assert (verdict.affiliate.id, verdict.reason) == ("cpes", None)


@pytest.mark.parametrize("covered", [("@method", "@target-uri"), ("@method", "@authority", "@path", "@query")])
def test_a_call_without_a_body_needs_no_digest(judge: Callable[..., Verdict], covered: tuple[str, ...]) -> None:
    message = Message("GET", f"{BASE_URL}/opendsr/v2/requests/1", {})
    assert judge(signed(message, covered_component_ids=covered)).affiliate


def test_the_path_of_a_custom_domain_and_that_of_the_stage_are_one(judge: Callable[..., Verdict]) -> None:
    assert judge(signed(), path="/prod/opendsr/v2/requests").affiliate


def test_a_signature_lets_in_once(judge: Callable[..., Verdict], book: Book) -> None:
    assert judge(signed()).affiliate
    assert judge(signed()) == (None, Reason.REPLAYED)
    assert judge(signed(nonce="m" * 24)).affiliate
    assert min(book.until) > (NOW + timedelta(seconds=300)).timestamp()


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_of_another_time_is_stale(judge: Callable[..., Verdict], seconds: int, book: Book) -> None:
    assert judge(signed(), now=NOW + timedelta(seconds=seconds)) == (None, Reason.STALE)
    assert judge(signed(nonce="m" * 24), now=NOW + timedelta(seconds=seconds - seconds // 301)).affiliate
    assert ("cpes", "n" * 24) not in book.nonces


def test_a_signature_that_has_expired_by_its_own_word_is_stale(judge: Callable[..., Verdict]) -> None:
    assert judge(signed(expires=NOW + timedelta(seconds=5)), now=NOW + timedelta(seconds=5)) == (None, Reason.STALE)
    assert judge(signed(expires=NOW + timedelta(seconds=5), nonce="m" * 24)).affiliate


RETARGETED: dict[str, dict[str, Any]] = {
    "another path": {"path": "/opendsr/v2/requests/1"},
    "another method": {"httpMethod": "PUT"},
    "another digest": {"multiValueHeaders": {"Content-Digest": ["sha-256=:AAAA:"]}},
    "another type": {"multiValueHeaders": {"Content-Type": ["text/plain"]}},
    "a second type": {"multiValueHeaders": {"Content-Type": ["application/json", "text/plain"]}},
}


@pytest.mark.parametrize("what", RETARGETED)
def test_a_signature_serves_for_nothing_else(judge: Callable[..., Verdict], what: str, book: Book) -> None:
    message, changes = signed(), dict(RETARGETED[what])
    headers = message.event()["multiValueHeaders"] | changes.pop("multiValueHeaders", {})
    assert judge(message, multiValueHeaders=headers, **changes) == (None, Reason.FORGED)
    assert not book.nonces


def test_a_signature_for_another_host_fits_nothing_here_whatever_the_call_says_of_itself(
    judge: Callable[..., Verdict],
) -> None:
    elsewhere = signed(Message(url="https://other.example/prod/opendsr/v2/requests"))
    elsewhere.url = f"{BASE_URL}/opendsr/v2/requests"
    headers = elsewhere.event()["multiValueHeaders"] | {"Host": ["other.example"]}
    assert judge(elsewhere, multiValueHeaders=headers) == (None, Reason.FORGED)


def test_a_call_with_a_query_is_refused(judge: Callable[..., Verdict]) -> None:
    assert judge(signed(), multiValueQueryStringParameters={"a": ["b"]}) == (None, Reason.NOT_COVERED)


@pytest.mark.parametrize("left_out", ["@method", "@authority", "@path", "content-type", "content-digest"])
def test_what_has_to_be_covered_is(judge: Callable[..., Verdict], left_out: str) -> None:
    covered = tuple(name for name in COVERED if name != left_out)
    assert judge(signed(covered_component_ids=covered)) == (None, Reason.NOT_COVERED)


def test_another_key_and_another_algorithm_forge(judge: Callable[..., Verdict]) -> None:
    assert judge(signed(key=ed25519.Ed25519PrivateKey.generate())) == (None, Reason.FORGED)
    mixed = signed(algorithm="ecdsa-p256-sha256", key_id="cpes/ed25519")
    assert judge(mixed) == (None, Reason.FORGED)
    lying = signed(key_id="cpes/ecdsa-p256-sha256")
    assert judge(lying) == (None, Reason.FORGED)


@pytest.mark.parametrize("key_id", ["cpes/none", "nobody/ed25519", "cpes", "/ed25519", "", "x" * 200])
def test_a_key_that_is_not_registered_opens_nothing(judge: Callable[..., Verdict], key_id: str) -> None:
    verdict = judge(signed(key_id=key_id))
    assert (verdict.affiliate, verdict.reason) in {(None, Reason.UNKNOWN_KEY), (None, Reason.MALFORMED)}


SPOILT = {
    "nothing": "",
    "no dictionary": "((",
    "no list": "sig=1",
    "another label": 'other=("@method");created=1;keyid="cpes/ed25519";nonce="nnnnnnnnnnnnnnnn"',
    "a second signature": 'sig=("@method");created=1, sig2=("@method");created=1',
    "the same label twice": 'sig=("@method");created=1, sig=("@method");created=1',
    "a parameter of a part": 'sig=("@method" "@query-param";name="a");created=1;keyid="k";nonce="nnnnnnnnnnnnnnnn"',
    "a component twice": 'sig=("@method" "@method");created=1;keyid="k";nonce="nnnnnnnnnnnnnnnn"',
    "a token": 'sig=(method);created=1;keyid="k";nonce="nnnnnnnnnnnnnnnn"',
    "upper case": 'sig=("Date");created=1;keyid="k";nonce="nnnnnnnnnnnnnnnn"',
    "no time": 'sig=("@method");keyid="k";nonce="nnnnnnnnnnnnnnnn"',
    "a time that is no number": 'sig=("@method");created="1";keyid="k";nonce="nnnnnnnnnnnnnnnn"',
    "a time that is true": 'sig=("@method");created;keyid="k";nonce="nnnnnnnnnnnnnnnn"',
    "no key": 'sig=("@method");created=1;nonce="nnnnnnnnnnnnnnnn"',
    "no nonce": 'sig=("@method");created=1;keyid="k"',
    "a short nonce": 'sig=("@method");created=1;keyid="k";nonce="n"',
    "a nonce of odd signs": 'sig=("@method");created=1;keyid="k";nonce="nnnnnnnnnnnnnnnn#"',
    "too long": 'sig=("@method");created=1;keyid="' + "k" * 3000 + '"',
    "not ASCII": 'sig=("@method");created=1;keyid="ក"',
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_signature_without_form_lets_nobody_in(judge: Callable[..., Verdict], what: str) -> None:
    message = signed(label="sig")
    message.headers["Signature-Input"] = SPOILT[what]
    verdict = judge(message)
    assert verdict.affiliate is None
    assert verdict.reason in {Reason.NOT_SIGNED, Reason.MALFORMED}


def test_a_call_without_a_signature_lets_nobody_in(judge: Callable[..., Verdict]) -> None:
    assert judge(Message()) == (None, Reason.NOT_SIGNED)
    assert judge(Message(), multiValueHeaders=None) == (None, Reason.NOT_SIGNED)


def test_the_answer_allows_just_this_call_and_names_the_plan_it_counts_against() -> None:
    affiliate = Affiliate(id="cpes", name="C", rights={"access": "confirm"}, ceiling=1, most=1)
    allowed, denied = (policy(Verdict(one), "arn:this", "key-") for one in (affiliate, None))
    assert allowed["policyDocument"]["Statement"] == [
        {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "arn:this"}
    ]
    assert (allowed["usageIdentifierKey"], allowed["context"]) == ("key-cpes", {"affiliate": "cpes"})
    assert denied["policyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert {"usageIdentifierKey", "context"}.isdisjoint(denied)
