"""What an affiliate sends: the digest before anything, closed bodies, identities in every form that can be matched."""

import base64
import hashlib
import json
from typing import Any

import pytest

from affiliate_api.models import Identity
from affiliate_api.problems import PROBLEMS, REASONS, OpenDsrError
from affiliate_api.reading import MAX_BODY, has_digest, named, read
from rights.domain.identity import Kind, hash_of
from rights.domain.rights import Locale, Purpose, Right

DOMAIN = "rights.mall.example"
EMAIL, PHONE = "dara@example.com", "+85512345678"
INDEXED = {(Kind.EMAIL, "sha256"), (Kind.EMAIL, "sha1"), (Kind.EMAIL, "md5"), (Kind.PHONE, "sha256")}


def digest(body: bytes, name: str = "sha256") -> str:
    made = base64.b64encode(hashlib.new(name, body).digest()).decode()
    return f"{'sha-256' if name == 'sha256' else 'sha-512'}=:{made}:"


def body(extension: dict[str, Any] | None = None, **changes: Any) -> bytes:
    whole = {
        "regulation": "gdpr",
        "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
        "subject_request_type": "erasure",
        "subject_identities": [{"identity_type": "email", "identity_value": EMAIL, "identity_format": "raw"}],
        "submitted_time": "2026-11-22T02:00:00Z",
        "api_version": "2.0",
        "extensions": {DOMAIN: extension or {}},
    }
    return json.dumps({name: value for name, value in (whole | changes).items() if value is not ...}).encode()


def reading(raw: bytes, **fields: str) -> Any:
    headers = {"content-type": "application/json", "content-digest": digest(raw)}
    return read(raw, headers | {name.replace("_", "-"): value for name, value in fields.items()}, DOMAIN)


def refusal(raw: bytes, **fields: str) -> OpenDsrError:
    with pytest.raises(OpenDsrError) as caught:
        reading(raw, **fields)
    return caught.value


def test_a_plain_request_is_read() -> None:
    asked = reading(body())
    assert (asked.right, asked.jurisdiction, asked.extension.language) == (Right.DELETION, "EU", Locale.KM)


@pytest.mark.parametrize(("regulation", "jurisdiction"), [("gdpr", "EU"), ("ccpa", "US-CA")])
def test_a_regulation_is_that_of_a_territory(regulation: str, jurisdiction: str) -> None:
    assert reading(body(regulation=regulation)).jurisdiction == jurisdiction
    assert reading(body({"jurisdiction": "KH"}, regulation=regulation)).jurisdiction == "KH"


@pytest.mark.parametrize(
    ("asked_for", "right"),
    [
        ("access", "restriction"),
        ("access", "marketing_opt_out"),
        ("erasure", "account_closure"),
        ("portability", "portability"),
    ],
)
def test_what_opendsr_has_no_word_for_stands_in_our_extension(asked_for: str, right: str) -> None:
    assert reading(body({"right": right}, subject_request_type=asked_for)).right is Right(right)


def test_a_withdrawal_names_its_purposes() -> None:
    extension = {"right": "consent_withdrawal", "purposes": ["location"]}
    asked = reading(body(extension, subject_request_type="access"))
    assert asked.extension.purposes == (Purpose.LOCATION,)


@pytest.mark.parametrize(
    ("extension", "asked_for"),
    [
        ({"right": "consent_withdrawal"}, "access"),
        ({"purposes": ["location"]}, "access"),
        ({"right": "restriction"}, "erasure"),
        ({"right": "deletion"}, "access"),
        ({"right": "correction"}, "access"),
        ({"right": "restriction", "scope": ["orders"]}, "access"),
        ({"right": "nothing"}, "access"),
        ({"unknown": 1}, "access"),
        ({"identities": [{"identity_type": "mobile_number", "secret": 1}]}, "access"),
        ({"language": "fr"}, "access"),
        ({"jurisdiction": "Cambodia"}, "access"),
    ],
)
def test_an_extension_that_does_not_fit_is_refused(extension: dict[str, Any], asked_for: str) -> None:
    error = refusal(body(extension, subject_request_type=asked_for))
    assert error.code == "invalid_request"
    assert all(one.field.startswith("extensions") for one in error.details)


def test_an_extension_of_another_domain_is_let_be() -> None:
    assert reading(body(extensions={"other.example": {"anything": [1, {"a": None}]}})).right is Right.DELETION


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"regulation": "lgpd"}, "regulation", "not_valid"),
        ({"subject_request_id": "1"}, "subject_request_id", "not_valid"),
        ({"subject_request_id": "a7551968-d5d6-14b2-9831-815ac9017798"}, "subject_request_id", "not_valid"),
        ({"subject_request_type": "delete"}, "subject_request_type", "not_valid"),
        ({"subject_identities": ...}, "subject_identities", "missing"),
        ({"submitted_time": "2026-11-22T02:00:00"}, "submitted_time", "not_valid"),
        ({"submitted_time": 5}, "submitted_time", "not_valid"),
        ({"api_version": "1.0"}, "api_version", "not_valid"),
        ({"api_version": ...}, "api_version", "missing"),
        ({"more": 1}, "request", "unknown_field"),
        ({"<script>": 1}, "request", "unknown_field"),
        ({"status_callback_urls": ["https://a.example/"] * 4}, "status_callback_urls", "too_long"),
    ],
)
def test_a_body_is_closed_and_says_what_is_wrong_without_repeating_it(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    error = refusal(body(**changes))
    assert (error.status, [(one.field, one.reason) for one in error.details]) == (400, [(field, reason)])
    assert EMAIL not in json.dumps(error.body())


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"\xff\xfe", b"[" * 9000])
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    assert refusal(raw).code == "malformed_body"


def test_nothing_is_read_before_the_digest_is_that_of_the_bytes() -> None:
    raw = body()
    assert refusal(raw, content_digest=digest(raw + b" ")).code == "digest_mismatch"
    assert refusal(b"no json", content_digest=digest(b"other")).code == "digest_mismatch"
    assert refusal(raw, content_type="text/plain").code == "unsupported_media_type"
    assert refusal(b"x" * (MAX_BODY + 1)).code == "too_large"


@pytest.mark.parametrize(
    ("told", "holds"),
    [
        (digest(b"x"), True),
        (digest(b"x", "sha512"), True),
        (f"{digest(b'x')}, {digest(b'x', 'sha512')}", True),
        (f"{digest(b'x')}, unixsum=:AAAA:", True),
        (f"{digest(b'x')}, {digest(b'y', 'sha512')}", False),
        (f"{digest(b'y')}, {digest(b'x', 'sha512')}", False),
        ("unixsum=:AAAA:", False),
        ("md5=:AAAA:", False),
        (f"{digest(b'x')}, nonsense", False),
        ("", False),
    ],
)
def test_a_digest_is_one_that_we_know_and_no_other_contradicts_it(told: str, holds: bool) -> None:
    assert has_digest(b"x", told) is holds


def identity(kind: str, value: str, form: str = "raw") -> Identity:
    return Identity(identity_type=kind, identity_value=value, identity_format=form)  # type: ignore[arg-type]


def test_readable_identities_come_in_our_own_form() -> None:
    found = named([identity("email", " Dara@Example.com"), identity("mobile_number", "012 345 678")], INDEXED)
    assert found == ({"email": EMAIL, "phone": PHONE}, {})


@pytest.mark.parametrize("form", ["sha256", "sha1", "md5"])
def test_a_hash_is_taken_where_some_store_can_look_it_up(form: str) -> None:
    hashed = hash_of(EMAIL, form)
    assert named([identity("email", hashed.upper(), form)], INDEXED) == ({}, {"email": f"{form}:{hashed}"})


def test_of_several_hashes_the_strongest_is_kept_and_beside_the_value_none() -> None:
    hashes = [identity("email", hash_of(EMAIL, form), form) for form in ("md5", "sha256", "sha1")]
    assert named(hashes, INDEXED).hashed == {"email": f"sha256:{hash_of(EMAIL, 'sha256')}"}
    assert named([*hashes, identity("email", EMAIL)], INDEXED) == ({"email": EMAIL}, {})


@pytest.mark.parametrize(
    ("identities", "reason"),
    [
        ([], "identity_missing"),
        ([identity("email", EMAIL), identity("email", "other@example.com")], "identity_twice"),
        ([identity("email", EMAIL), identity("email", hash_of("other@example.com", "sha256"), "sha256")],
         "identity_twice"),
        ([identity("email", "nobody")], "identity_not_valid"),
        ([identity("mobile_number", "12")], "identity_not_valid"),
        ([identity("email", "abc", "sha256")], "identity_not_valid"),
        ([identity("email", "z" * 64, "sha256")], "identity_not_valid"),
        ([identity("mobile_number", hash_of(PHONE, "md5"), "md5")], "identity_not_supported"),
    ],
)  # fmt: skip
def test_an_identity_that_cannot_be_one_person_is_refused(identities: list[Identity], reason: str) -> None:
    with pytest.raises(OpenDsrError) as caught:
        named(identities, INDEXED)
    assert [one.reason for one in caught.value.details] == [reason]


def test_every_answer_has_a_status_and_words() -> None:
    assert all(400 <= problem.status < 600 and problem.message.endswith(".") for problem in PROBLEMS.values())
    assert all(words.endswith(".") for words in REASONS.values())
