"""Fetching a package: volume by volume, with links signed at the click and on record, and asking for it anew."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from rights.ledger.packages import MOST_LINKS
from rights.ledger.requests import Change
from rights.status_token import reference
from tests.integration.doors.conftest import BASE_URL, EMAIL, PHONE, Person, Reply

KEYS = ("packages/x/one", "packages/x/two")


@pytest.fixture
def two(person: Person) -> Person:
    """Somebody whose package has two volumes, and who has entered the code for it."""
    answered(person)
    return person


def answered(person: Person, **asked: Any) -> Person:
    person.asks(**asked).proves().is_answered()
    s3 = boto3.client("s3")
    for key in KEYS:
        s3.put_object(Bucket="packages", Key=key, Body=b"zip" * 500_000)
    volumes = [{"key": key, "size": 1_500_000, "sha256": "0" * 64, "records": {}} for key in KEYS]
    changed(person, volumes=volumes, package=KEYS[0])
    person.call("GET", "/package")
    person.gets_mail()
    return person


def changed(person: Person, **sets: Any) -> None:
    person.ledger.change(person.request_id, lambda _: Change(code="test", sets=sets))


def links_given(person: Person) -> list[Any]:
    events = person.ledger.events(person.request_id)
    return [(event.by, event.detail) for event in events if event.code == "package_link_given"]


def opened(person: Person) -> dict[str, str]:
    """The cookies of a browser that has entered the code."""
    sent = person.call("POST", "/package", form={"code": "123456"}, html=True)
    assert sent.status == 303
    return sent.cookies | {"status": person.link}


def fetched(person: Person, number: object, cookies: dict[str, str]) -> Reply:
    return person.call("GET", f"/package/{number}", cookies=cookies, html=True, token=None)


def test_each_volume_is_listed_with_its_size_and_a_link_of_its_own(two: Person) -> None:
    page = two.call("GET", "/package?lang=en", cookies=opened(two), html=True, token=None).text
    for number in (1, 2):
        assert f'href="/prod/requests/{two.request_id}/package/{number}"' in page
        assert f"Download file {number} of 2" in page
        assert f"1.5 MB · tinh-tinh-{reference(two.request_id)}-{number}-of-2.zip" in page
    assert "You can download until " in page
    assert "We keep the file until " in page
    assert "X-Amz" not in page
    assert links_given(two) == [], "to look at the page is no download"


def test_a_link_is_signed_at_the_click_names_the_file_and_is_an_event_without_personal_data(two: Person) -> None:
    cookies = opened(two)
    reply = fetched(two, 2, cookies)
    assert reply.status == 303
    url = urlsplit(reply.header("Location"))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert url.path.endswith(KEYS[1])
    assert query["X-Amz-Expires"] == "900"
    name = f"tinh-tinh-{reference(two.request_id)}-2-of-2.zip"
    assert query["response-content-disposition"] == f'attachment; filename="{name}"'
    assert query["response-content-type"] == "application/zip"
    assert query["response-cache-control"] == "private, no-store"
    assert reply.header("Cache-Control") == "no-store"
    assert links_given(two) == [("person", {"volume": 2})]
    everything = reply.header("Location") + str(two.ledger.events(two.request_id))
    assert not [word for word in (PHONE, PHONE.removeprefix("+855"), EMAIL) if word in everything]


def test_who_has_no_pass_or_an_old_one_is_sent_to_the_page_that_asks_for_a_code(two: Person, later: Any) -> None:
    page = f"{BASE_URL}/requests/{two.request_id}/package"
    cookies = opened(two)
    for wrong in ({"status": two.link}, cookies | {"package": "99999999999.00"}, cookies | {"package": "x"}):
        assert (fetched(two, 1, wrong).status, fetched(two, 1, wrong).header("Location")) == (303, page)
    later(timedelta(minutes=15))
    assert fetched(two, 1, cookies).header("Location") == page
    assert links_given(two) == []
    assert fetched(two, 1, {}).status == 401


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "១", "1.5", pytest.param("9" * 4400, id="4400 digits")])
def test_a_volume_that_is_none_is_not_found(two: Person, number: str) -> None:
    assert fetched(two, number, opened(two)).status == 404
    assert links_given(two) == []


def test_by_json_every_volume_has_its_link_and_the_day_it_ends(two: Person) -> None:
    told = two.call("POST", "/package", json_body={"code": "123456"}).json
    assert told["url"] == told["volumes"][0]["url"]
    assert [one["volume"] for one in told["volumes"]] == [1, 2]
    assert [one["size"] for one in told["volumes"]] == [1_500_000] * 2
    assert told["expires_at"] == told["volumes"][0]["expires_at"]
    closed = two.ledger.get(two.request_id).closed_at
    assert closed
    assert told["until"] > closed[:10]
    assert [detail for _, detail in links_given(two)] == [{"volume": 1}, {"volume": 2}]


def test_a_link_that_has_expired_is_asked_for_again_while_the_package_lives(two: Person, later: Any) -> None:
    opened(two)
    later(timedelta(minutes=16))
    assert two.call("GET", "/package").json["code_sent"] is True
    two.gets_mail()
    assert fetched(two, 1, opened(two)).status == 303


def test_nobody_fills_a_history_with_downloads(two: Person) -> None:
    cookies = opened(two)
    changed(two, links_given=MOST_LINKS)
    assert fetched(two, 1, cookies).status == 429
    assert links_given(two) == []


def test_a_volume_that_is_gone_from_the_bucket_is_said_to_be_gone(two: Person) -> None:
    cookies = opened(two)
    boto3.client("s3").delete_object(Bucket="packages", Key=KEYS[1])
    assert fetched(two, 2, cookies).status == 410
    assert links_given(two) == []


# --- after its end


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Ask for my data again"), ("zh", "重新申请我的数据"), ("km", "សុំទិន្នន័យរបស់ខ្ញុំម្តងទៀត")]
)
def test_after_its_end_the_page_offers_to_ask_anew(person: Person, lang: str, words: str) -> None:
    answered(person, locale=lang)
    changed(person, package_ended_at=person.ledger.now())
    for where in ("", "/package"):
        page = person.call("GET", where, html=True)
        assert page.status == 200
        assert words in page.text
    assert person.call("GET", "/package").json["next"] == ["again"]
    assert "package/again" in person.call("GET").json["next"]


def test_asking_anew_makes_one_request_for_the_same_that_is_proven_like_any(person: Person) -> None:
    answered(person, right="access", scope=["orders"], locale="zh")
    changed(person, package_ended_at=person.ledger.now())
    first, second = (person.call("POST", "/package/again").json for _ in range(2))
    assert first == second, "a second click is the same request"
    new = person.ledger.get(first["request_id"])
    assert (new.right, new.scope, new.locale, new.status) == ("access", ("orders",), "zh", "received")
    assert person.ledger.private(new.id, "typed")["identifiers"] == {"phone": PHONE}
    events = [event for event in person.ledger.events(person.request_id) if event.code == "asked_again"]
    assert [(event.by, event.detail) for event in events] == [("person", {"request": new.id})]
    status = person.door("GET", f"/requests/{new.id}", token=first["status_token"]).json
    assert status["status"] == "received"
    assert PHONE not in str(status)


def test_by_form_asking_anew_leads_to_the_new_requests_page(person: Person) -> None:
    answered(person)
    changed(person, package_ended_at=person.ledger.now())
    sent = person.call("POST", "/package/again", form={}, html=True)
    place = sent.header("Location").removeprefix(BASE_URL)
    assert sent.status == 303
    assert place.startswith("/requests/")
    assert place != f"/requests/{person.request_id}"
    assert person.door("GET", place, html=True, cookies=sent.cookies).status == 200


def test_nobody_asks_anew_for_what_is_still_there_or_never_was(person: Person) -> None:
    person.asks()
    assert person.call("POST", "/package/again").code == "not_ready"
    answered(person)
    assert person.call("POST", "/package/again").code == "not_ready"
    assert person.call("POST", "/package/again", token="wrong").status == 401


def test_once_nothing_is_known_any_more_asking_anew_leads_to_the_form(person: Person) -> None:
    answered(person)
    changed(person, package_ended_at=person.ledger.now())
    person.ledger.drop_sealed(person.request_id)
    assert person.call("POST", "/package/again").code == "gone"
    sent = person.call("POST", "/package/again", form={}, html=True)
    assert sent.header("Location") == f"{BASE_URL}/?right=access"
