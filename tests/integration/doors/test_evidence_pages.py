"""Evidence by pages: what is asked of whoever acts for another, the form into the bucket, and what came of a file."""

import html
import re
from typing import Any

import boto3
import pytest

from public_api.words import EVIDENCE, FILE_REFUSED, FILE_TYPE
from rights.domain.evidence import FIRST_BYTES, EvidenceKind, Refusal
from rights.ledger import Ledger
from tests.integration.doors.conftest import BASE_URL, Person
from tests.support.plans import lay

SAME = {"Sec-Fetch-Site": "same-origin"}
EN = {"lang": "en"}
PARENT = {"kind": "guardian", "name": "Sok Dara", "relation": "parent", "for": "child", "phone": "012 000 111"}
PHOTO = {"kind": "identity_document", "content_type": "image/jpeg"}


@pytest.fixture
def parent(person: Person, ledger: Ledger) -> Person:
    """A parent who has proven their own contact, and whose request somebody looks at."""
    person.asks(requester=PARENT)
    ledger.store_code(person.request_id, "phone", "identity", "123456")
    person.proves()
    lay(ledger, person.request_id, review="guardian")
    return person


@pytest.fixture
def offered(parent: Person) -> Person:
    """Who has chosen what to send."""
    sent = parent.call("POST", "/evidence", form=PHOTO, html=True, headers=SAME)
    assert sent.header("Location") == f"{BASE_URL}/requests/{parent.request_id}/evidence/1"
    return parent


def settle(ledger: Ledger, person: Person, **how: Any) -> None:
    file = ledger.evidence_file(person.request_id, 1)
    assert file
    ledger.settle_evidence(file, size=7, **how)


def test_every_kind_type_and_refusal_has_words() -> None:
    assert set(EVIDENCE) == set(EvidenceKind)
    assert set(FILE_TYPE) == set(FIRST_BYTES)
    assert set(FILE_REFUSED) == set(Refusal)


def test_the_status_page_leads_whoever_acts_to_what_is_missing(parent: Person) -> None:
    page = parent.call("GET", html=True, cookies=EN).text
    assert f'href="/prod/requests/{parent.request_id}/evidence">Send documents' in page
    listed = parent.call("GET", "/evidence", html=True, cookies=EN).text
    needed = re.findall(r'<li>([^<]+) <span class="tag">Missing', listed)
    assert needed == ["Your identity card or passport", "The family book or the birth certificate"]


def test_who_asks_for_themselves_is_asked_for_nothing(person: Person) -> None:
    assert "/evidence" not in person.asks().proves().call("GET", html=True).text
    page = person.call("GET", "/evidence", html=True, cookies=EN).text
    assert "What we need" not in page
    assert "<form" not in page


def test_what_is_needed_and_sent_can_be_read_as_json(offered: Person) -> None:
    told = offered.call("GET", "/evidence").json
    assert told["needed"] == ["identity_document", "relation_document"]
    assert [(file["number"], file["status"]) for file in told["files"]] == [(1, "offered")]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Choose what the document shows."),
        ({"kind": "identity_document"}, "Send a PDF, a JPEG photo or a PNG picture."),
        (PHOTO | {"content_type": "text/html"}, "Send a PDF, a JPEG photo or a PNG picture."),
    ],
)
def test_a_choice_that_is_missing_is_asked_for_beside_it(parent: Person, form: dict[str, str], words: str) -> None:
    page = parent.call("POST", "/evidence", form=form, html=True, headers=SAME, cookies=EN)
    assert page.status == 422
    assert words in page.text
    assert 'role="alert"' in page.text


def test_the_page_with_the_form_alone_may_send_it_to_the_bucket_and_comes_back(offered: Person) -> None:
    page = offered.call("GET", "/evidence/1", html=True, cookies=EN)
    [action] = re.findall(r'action="(https://[^"]+)"', page.text)
    assert action == "https://evidence.s3.ap-southeast-1.amazonaws.com/"
    rule = page.header("Content-Security-Policy")
    assert "form-action 'self' https://evidence.s3.ap-southeast-1.amazonaws.com;" in rule
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html.unescape(page.text)))
    assert fields["success_action_redirect"] == f"{BASE_URL}/requests/{offered.request_id}/evidence/1"
    assert page.text.index('type="file"') > page.text.rindex('type="hidden"')
    assert 'accept="image/jpeg"' in page.text
    other = offered.call("GET", "/evidence", html=True).header("Content-Security-Policy")
    assert "form-action 'self';" in other


def test_coming_back_from_the_bucket_changes_nothing_and_asks_to_have_it_looked_at(
    offered: Person, ledger: Ledger
) -> None:
    events = len(ledger.events(offered.request_id))
    page = offered.call("GET", "/evidence/1?bucket=b&key=k&etag=e", html=True, cookies=EN).text
    assert "Your file is with us" in page
    assert 'type="file"' not in page
    assert len(ledger.events(offered.request_id)) == events


def test_a_file_that_was_looked_at_meanwhile_leads_to_the_list(offered: Person, ledger: Ledger) -> None:
    settle(ledger, offered, sha256="0" * 64)
    for method, form in (("GET", None), ("POST", {})):
        reply = offered.call(method, "/evidence/1", form=form, html=True, headers=SAME)
        assert reply.header("Location") == f"{BASE_URL}/requests/{offered.request_id}/evidence?done=file"
    page = offered.call("GET", "/evidence", html=True, cookies=EN).text
    assert 'Your identity card or passport <span class="tag done">Received' in page


def test_a_file_that_was_refused_says_why_and_what_to_do(offered: Person, ledger: Ledger) -> None:
    settle(ledger, offered, why=Refusal.WRONG_TYPE)
    reply = offered.call("POST", "/evidence/1", form={}, html=True, headers=SAME)
    assert reply.header("Location").endswith("/evidence?done=no_file")
    page = offered.call("GET", "/evidence?done=no_file", html=True, cookies=EN).text
    assert "Not taken: the file is not of the type you chose. Choose again." in page
    assert 'Your identity card or passport <span class="tag">Missing' in page


def test_an_unknown_file_is_not_found(parent: Person) -> None:
    for number in ("1", "0", "x", "999"):
        assert parent.call("GET", f"/evidence/{number}", html=True).status == 404


def test_an_eleventh_file_is_refused_on_the_page(parent: Person) -> None:
    for _ in range(10):
        parent.call("POST", "/evidence", json_body=PHOTO)
    page = parent.call("POST", "/evidence", form=PHOTO, html=True, headers=SAME, cookies=EN)
    assert page.status == 429
    assert "as many files as we can take" in page.text


def test_after_the_decision_no_more_is_taken(parent: Person, ledger: Ledger) -> None:
    ledger.open_wait(parent.request_id, "Review", "token", 60)
    ledger.refuse(parent.request_id, by="op-1", ground=4)
    page = parent.call("GET", "/evidence", html=True, cookies=EN).text
    assert "We take no more files for this request." in page
    assert "<form" not in page


def test_nobody_sees_the_evidence_of_another(parent: Person) -> None:
    assert parent.call("GET", "/evidence", html=True, token=None).status == 401
    assert parent.call("GET", "/evidence/1", html=True, token="x").status == 401
    assert boto3.client("s3").list_buckets()["Buckets"] == []
