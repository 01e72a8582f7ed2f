"""What proves it afterwards: digests and the offline check, replays after a restore, services closed for a list."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import verify
from local.cloud import Cloud
from local.mall import NOT_OF_THE_MALL, Person, expected_deletion
from tests.workflow.asking import COUNTS, Asking, Public, expected
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.controls import Operator, invoke
from tests.workflow.waiting import eventually

ENDED = {"completed", "completed_in_part"}


@pytest.fixture(scope="module")
def second(cloud: Cloud) -> Iterator[Operator]:
    """Another approver."""
    second = Operator(cloud, "bert", "approver")
    yield second
    second.http.close()


def deleted(public: Public, person: Person) -> Asking:
    asking = public.ask("deletion", phone=person.phone).prove()
    asking.until_told(*ENDED)
    return asking


# ---- the offline check


def handed_out(cloud: Cloud, operator: Operator, asking: Asking, folder: Path) -> list[str]:
    """What anybody can get about a request, as files, and how the check is called with them."""
    (folder / "certificate.jws").write_text(asking.call("GET", "/certificate").text)
    (folder / "jwks.json").write_text(httpx.get(f"{cloud.base_url}/.well-known/jwks.json").text)
    (folder / "events.json").write_text(operator.get(f"/{asking.id}/audit").text)
    (folder / "digests").mkdir()
    s3, bucket = cloud.client("s3"), cloud.outputs["AuditBucketName"]
    for item in s3.list_objects_v2(Bucket=bucket, Prefix="digests/")["Contents"]:
        text = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        (folder / "digests" / Path(item["Key"]).name).write_bytes(text)
    given = [str(folder / "certificate.jws"), "--keys", str(folder / "jwks.json")]
    return [*given, "--events", str(folder / "events.json"), "--digests", str(folder / "digests")]


def test_a_deletion_is_anchored_by_the_daily_job_and_holds_when_checked_offline(
    cloud: Cloud, public: Public, crowd: Crowd, operator: Operator, tmp_path: Path
) -> None:
    asking = deleted(public, crowd.someone("orders"))
    made = invoke(cloud, "AnchorAuditFunction", {})
    assert (made["digests"], made["left"]) == (1, 0)
    assert made["heads"] >= 1
    assert invoke(cloud, "AnchorAuditFunction", {}) == {"digests": 0, "heads": 0, "left": 0}
    arguments = handed_out(cloud, operator, asking, tmp_path)
    said: list[str] = []
    assert verify.main(arguments, said.append) == 0, said
    assert f"ok:    certificate of request {asking.id}: deletion" in said[0]
    assert any("anchored on" in line for line in said)

    told = json.loads((tmp_path / "events.json").read_text())
    told["events"][1]["by"] = "somebody else"
    (tmp_path / "events.json").write_text(json.dumps(told))
    assert verify.main(arguments, said.append) == 1


def test_the_certificate_reads_as_a_page_in_a_browser(public: Public, crowd: Crowd) -> None:
    asking = deleted(public, crowd.someone("profile"))
    page = public.http.get(f"/requests/{asking.id}/certificate", headers=asking.bearer | {"Accept": "text/html"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert asking.id in page.text


# ---- after a restore


class Backup:
    """The items of a person in two DynamoDB stores, as a backup has them."""

    TABLES = ("mall-accounts", "mall-profiles")

    def __init__(self, cloud: Cloud, person: Person) -> None:
        self._dynamodb = cloud.client("dynamodb")
        self._account = {"S": str(person.account_id)}
        self.items = {table: self.of_person(table) for table in self.TABLES}

    def of_person(self, table: str) -> list[dict[str, Any]]:
        query = {"KeyConditionExpression": "account_id = :a", "ExpressionAttributeValues": {":a": self._account}}
        found: list[dict[str, Any]] = self._dynamodb.query(TableName=table, ConsistentRead=True, **query)["Items"]
        return found

    def restore(self) -> None:
        for table, items in self.items.items():
            for item in items:
                self._dynamodb.put_item(TableName=table, Item=item)

    def register_again(self, account_id: str) -> None:
        """The same phone and mail, under a new account."""
        [old] = self.items["mall-accounts"]
        self._dynamodb.put_item(TableName="mall-accounts", Item=old | {"account_id": {"S": account_id}})

    def stands(self, account_id: str) -> bool:
        key = {"account_id": {"S": account_id}}
        return "Item" in self._dynamodb.get_item(TableName="mall-accounts", Key=key, ConsistentRead=True)

    def leave(self, account_id: str) -> None:
        self._dynamodb.delete_item(TableName="mall-accounts", Key={"account_id": {"S": account_id}})


def replayed(cloud: Cloud, operator: Operator, store: str, restored_to: str) -> dict[str, Any]:
    """A replay of a store, gone through."""
    started = operator.http.post("/ops/replays", json={"store": store, "restored_to": restored_to})
    assert started.status_code == httpx.codes.CREATED, started.text

    def through() -> dict[str, Any] | None:
        invoke(cloud, "ReplayErasuresFunction", {})
        shown: dict[str, Any] = operator.http.get(f"/ops/replays/{started.json()['replay_id']}").json()
        return shown if shown["status"] != "running" else None

    return eventually(through, "end of the replay")


def test_after_a_restore_the_old_rows_go_again_and_the_new_account_of_the_same_phone_stands(
    cloud: Cloud, public: Public, crowd: Crowd, operator: Operator, book: Book
) -> None:
    person = crowd.someone("profile")
    backup = Backup(cloud, person)
    asking = deleted(public, person)
    before = book.state(asking.id)["received_at"]
    assert not any(backup.of_person(table) for table in Backup.TABLES)
    backup.register_again("acc-registered-again")
    backup.restore()

    for table, store in zip(Backup.TABLES, ("accounts", "profiles"), strict=True):
        shown = replayed(cloud, operator, store, before)
        assert (shown["status"], shown["entries"]) == ("done", [])
        # Others were deleted from these stores, too: their rows are looked for, and did not come back.
        there = len(backup.items[table])
        assert (shown["came_back"], shown["erased"]) == (there, there)
        assert shown["looked"] >= there
        assert backup.of_person(table) == []
    assert backup.stands("acc-registered-again")
    assert book.codes(asking.id).count("erased_again") >= 2
    assert book.chain_holds(asking.id)
    backup.leave("acc-registered-again")


def test_a_row_that_is_newer_than_its_erasure_waits_for_an_operator_who_decides(
    cloud: Cloud, public: Public, crowd: Crowd, operator: Operator, approver: Operator
) -> None:
    person = crowd.someone("profile")
    backup = Backup(cloud, person)
    asking = deleted(public, person)
    backup.restore()
    # The store went back to a moment after the erasure: what is there now, somebody wrote since.
    shown = replayed(cloud, operator, "accounts", datetime.now(UTC).isoformat())
    assert (shown["status"], shown["erased"]) == ("review", 0)
    assert backup.stands(str(person.account_id))
    [entry] = [one for one in shown["entries"] if one["request_id"] == asking.id]
    assert (entry["doubt"], entry["count"]) == ("newer", 1)
    path = f"/ops/replays/{shown['replay_id']}"
    decision = {"entry": entry["entry"], "decision": "erase"}
    assert approver.http.post(f"{path}/decision", json=decision).status_code == httpx.codes.OK
    for other in shown["entries"]:
        if other["entry"] != entry["entry"]:
            operator.http.post(f"{path}/decision", json={"entry": other["entry"], "decision": "keep"})
    invoke(cloud, "ReplayErasuresFunction", {})
    assert operator.http.get(path).json()["status"] == "done"
    assert not backup.stands(str(person.account_id))


# ---- a service closes


def test_a_service_that_closes_deletes_each_person_on_its_list_who_was_told_before(
    cloud: Cloud, crowd: Crowd, book: Book, approver: Operator, second: Operator
) -> None:
    people = [crowd.someone("orders"), crowd.someone("profile")]
    listed = [{"phone": people[0].phone}, {"account_id": people[1].account_id}, {"phone": "+85599999990"}]
    bulk_id = approver.http.post("/ops/bulk-closures", json={"key": "micro-malls-2026", "locale": "en"}).json()[
        "bulk_id"
    ]
    path = f"/ops/bulk-closures/{bulk_id}"
    put = approver.http.post(f"{path}/people", json={"part": 0, "people": listed})
    assert put.status_code == httpx.codes.OK, put.text
    assert approver.http.post(f"{path}/approve", json={"people": 3}).status_code == httpx.codes.CONFLICT
    assert second.http.post(f"{path}/approve", json={"people": 3}).status_code == httpx.codes.OK

    def through() -> dict[str, Any] | None:
        invoke(cloud, "BulkClosureFunction", {})
        shown: dict[str, Any] = second.http.get(path).json()
        return shown if shown["status"] == "done" else None

    shown = eventually(through, "end of the intake")
    assert [one["result"] for one in shown["results"]] == ["taken", "taken", "unknown"]
    assert (shown["taken"], shown["unknown"], shown["several"]) == (2, 1, 0)
    for person, one in zip(people, shown["results"], strict=False):
        request_id = one["request_id"]
        eventually(lambda r=request_id: book.status(r) in ENDED, "end of a deletion")  # type: ignore[misc]
        assert done(book, request_id) == expected(expected_deletion(cloud.mall, person))
        assert book.state(request_id)["certificate"]
        assert book.chain_holds(request_id)
        codes = book.codes(request_id)
        assert codes.index("cooling_off_begun") < codes.index("work_begun")
        for contact in (person.phone, str(person.email)):
            [message] = eventually(lambda c=contact: told(cloud, c), "word of the closure")  # type: ignore[misc]
            assert "/stop/" not in message
            assert "/s/" not in message
    assert book.state(shown["results"][0]["request_id"])["channel"] == "bulk"


def told(cloud: Cloud, contact: str) -> list[str]:
    return [one.text for one in cloud.mailbox.sent_to(contact) if "closes" in one.text]


def done(book: Book, request_id: str) -> dict[str, dict[str, int]]:
    """Store of the mall to counts, as the tasks have them."""
    tasks = {name: task for name, task in book.tasks(request_id).items() if name not in NOT_OF_THE_MALL}
    return {name: {count: task["counts"][count] for count in COUNTS} for name, task in tasks.items()}
