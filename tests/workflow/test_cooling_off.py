"""A deletion waits, everybody it may concern is told, and anybody of them can stop it."""

import re

import httpx
import pytest

from local.cloud import Cloud
from local.mall import expected_deletion, fingerprint
from tests.workflow.asking import Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.controls import settings
from tests.workflow.waiting import eventually

STOP = re.compile(r"https?://\S+(/stop/\S+)")


def stop_links(cloud: Cloud, contact: str | None) -> list[str]:
    return [link[1] for message in cloud.mailbox.sent_to(contact or "") if (link := STOP.search(message.text))]


@pytest.mark.parametrize("by", ["phone", "email"])
def test_every_contact_on_file_is_told_and_can_stop_a_deletion_that_only_one_asked_for(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book, by: str
) -> None:
    person = crowd.someone("orders")
    other = person.email if by == "phone" else person.phone
    before = fingerprint(cloud.stores, cloud.mall)
    with settings(cloud, "PlanRequestFunction", cooling_off_seconds=3600):
        asking = public.ask("deletion", **{by: getattr(person, by)}).prove()
        shown = asking.until("cooling_off")
        assert shown["cooling_off_until"] > shown["received_at"]
        [link] = eventually(lambda: stop_links(cloud, other), "announcement to the other contact")
    with httpx.Client(base_url=cloud.base_url) as stranger:
        assert asking.look()["status"] == "cooling_off"
        assert stranger.get(link, headers={"Accept": "text/html"}).status_code == httpx.codes.OK
        assert asking.look()["status"] == "cooling_off"
        assert stranger.post(link, json={}).json() == {"status": "withdrawn"}
    assert asking.look()["status"] == "withdrawn"
    eventually(lambda: [run["status"] for run in book.runs(asking.id)] == ["SUCCEEDED"], "end of the run")
    assert fingerprint(cloud.stores, cloud.mall) == before


def test_a_deletion_that_nobody_stops_is_done_when_the_wait_is_over(cloud: Cloud, public: Public, crowd: Crowd) -> None:
    person = crowd.someone("orders")
    with settings(cloud, "PlanRequestFunction", cooling_off_seconds=2):
        asking = public.ask("deletion", phone=person.phone).prove()
        shown = asking.until_told("completed", "completed_in_part")
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    assert asking.call("POST", "/withdraw").status_code == httpx.codes.CONFLICT
