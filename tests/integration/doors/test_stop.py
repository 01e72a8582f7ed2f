"""The link that every contact on file is sent when a deletion is announced: stops it, and shows nothing of it."""

import re

import pytest

from rights import status_token
from rights.domain.status import Status
from rights.secrets_hmac import Hmac
from send_notice.send import Sender
from tests.integration.doors.conftest import BASE_URL, PHONE, Door, Person, PostBox
from tests.support.clock import StoppedClock

OTHER = "+85587654321"


@pytest.fixture
def announced(person: Person, sender: Sender, post: PostBox) -> str:
    """The address that the other contact was sent, without the base."""
    person.asks(right="deletion").proves()
    ledger, request_id = person.ledger, person.request_id
    ledger.put_private(request_id, "subject", {"keys": {"phone": [PHONE, OTHER]}})
    ledger.cool_off(request_id, "token", 3600)
    post.sent.clear()
    for notice in ledger.notices(request_id):
        if notice.kind == "cooling_off":
            sender.send(request_id, notice.id)
    assert [to for _, to, _ in post.sent] == [PHONE, OTHER]
    [link] = re.findall(r"https://\S+", str(post.sent[1][2]))
    return str(link).removeprefix(BASE_URL)


def test_looking_at_the_link_changes_nothing_and_shows_no_request(door: Door, person: Person, announced: str) -> None:
    page = door("GET", announced, html=True)
    assert page.status == 200
    assert person.ledger.get(person.request_id).status is Status.COOLING_OFF
    assert status_token.reference(person.request_id) not in page.text
    assert "Set-Cookie" not in page.headers or "status" not in page.cookies


def test_one_click_stops_the_deletion_for_good(door: Door, person: Person, announced: str) -> None:
    assert "<form" in door("GET", announced, html=True).text
    for _ in range(2):
        assert door("POST", announced, form={}, html=True).status == 200
    assert person.ledger.get(person.request_id).status is Status.WITHDRAWN
    assert [e.by for e in person.ledger.events(person.request_id) if e.code == "withdrawn"] == ["contact_on_file"]
    assert "<form" not in door("GET", announced, html=True).text


def test_a_deletion_that_has_begun_is_not_stopped_and_the_page_says_so(
    door: Door, person: Person, announced: str, clock: StoppedClock
) -> None:
    clock.advance(hours=2)
    person.ledger.begin_work(person.request_id)
    assert "<form" not in door("GET", announced, html=True).text
    assert door("POST", announced, form={}, html=True).status == 409


def test_a_stop_link_that_is_not_ours_stops_nothing(door: Door, person: Person, announced: str, hmac: Hmac) -> None:
    for token in (announced.removeprefix("/stop/")[:-1] + "x", person.request_id, "x", f"{person.request_id}."):
        assert door("GET", f"/stop/{token}", html=True).status == 404
        assert door("POST", f"/stop/{token}", form={}, html=True).status == 404
    stranger = status_token.issue_stop(hmac, "0" * 26)
    assert door("POST", f"/stop/{stranger}", form={}, html=True).status == 404
    assert person.ledger.get(person.request_id).status is Status.COOLING_OFF


def test_a_form_of_another_site_stops_nothing(door: Door, person: Person, announced: str) -> None:
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert door("POST", announced, form={}, html=True, headers=foreign).status == 403
    assert person.ledger.get(person.request_id).status is Status.COOLING_OFF


def test_the_status_says_until_when_it_can_be_cancelled(door: Door, person: Person, announced: str) -> None:
    seen = door("GET", f"/requests/{person.request_id}", token=person.token).json
    assert seen["status"] == "cooling_off"
    assert seen["cooling_off_until"] == person.ledger.get(person.request_id).cooling_until
    assert "withdraw" in seen["next"]
