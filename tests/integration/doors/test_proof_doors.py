"""The operators' doors to what proves something: histories, replays, bulk closures, and the export of a breach."""

import csv
import io
from typing import Any

import pytest

from operator_api.breach import COLUMNS
from operator_api.tables import to_csv
from rights.domain.rights import Operation
from rights.domain.status import Status
from rights.domain.tombstone import Tombstone
from rights.domain.work import Disposition
from rights.ledger import Ledger, Task
from rights.ledger.replays import Doubt
from tests.integration.doors.conftest import PHONE, Door, Person, Reply, operator_door
from tests.support.clock import StoppedClock
from tests.support.plans import lay

BULK = {"key": "service-x-2026"}
PEOPLE = [{"phone": PHONE}, {"email": "Dara@Example.com"}, {"account_id": "acc-1"}]


@pytest.fixture
def anna(ledger: Ledger, clock: StoppedClock) -> Door:
    return operator_door(ledger, clock, "anna", "operator", "approver")


@pytest.fixture
def bert(ledger: Ledger, clock: StoppedClock) -> Door:
    return operator_door(ledger, clock, "bert", "approver")


@pytest.fixture
def olivia(ledger: Ledger, clock: StoppedClock) -> Door:
    return operator_door(ledger, clock, "olivia", "operator")


# ---- the history


def test_the_history_comes_as_it_was_hashed(olivia: Door, person: Person) -> None:
    person.asks(right="deletion").proves()
    told = olivia("GET", f"/ops/requests/{person.request_id}/audit").json
    assert told["head"] == told["events"][-1]["hash"]
    assert [event["version"] for event in told["events"]] == list(range(1, told["version"] + 1))
    assert {"request", "previous", "detail", "by", "at", "code", "status"} <= told["events"][0].keys()


# ---- replays


def start(door: Door, **body: str) -> Reply:
    return door("POST", "/ops/replays", json_body={"store": "orders", "restored_to": "2026-11-20T00:00:00Z"} | body)


def test_a_replay_is_started_once_per_store_and_listed(olivia: Door) -> None:
    started = start(olivia)
    assert (started.status, started.json["status"], started.json["by"]) == (201, "running", "olivia")
    assert start(olivia).code == "too_late"
    assert start(olivia, store="accounts").status == 201
    assert {one["store"] for one in olivia("GET", "/ops/replays").json["replays"]} == {"orders", "accounts"}
    assert olivia("GET", f"/ops/replays/{started.json['replay_id']}").json["entries"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"store": "nowhere"}, "unknown_store"),
        ({"restored_to": "2026-11-20T00:00:00"}, "wrong_type"),
        ({"restored_to": "2036-11-20T00:00:00Z"}, "wrong_type"),
        ({"restored_to": "yesterday"}, "wrong_type"),
        ({"restored_to": "0001-01-01T00:00:00+14:00"}, "wrong_type"),
        ({"more": "x"}, "wrong_type"),
    ],
)
def test_a_replay_names_a_store_and_a_moment_that_has_been(olivia: Door, body: dict[str, str], code: str) -> None:
    assert start(olivia, **body).code == code


def test_whoever_may_only_look_starts_and_decides_nothing(ledger: Ledger, clock: StoppedClock) -> None:
    viewer = operator_door(ledger, clock, "vera", "viewer")
    assert start(viewer).status == 403
    assert viewer("GET", "/ops/replays").status == 200


def test_rows_in_doubt_are_shown_by_number_and_decided_on_record(
    olivia: Door, anna: Door, ledger: Ledger, person: Person
) -> None:
    replay_id = start(olivia).json["replay_id"]
    person.asks(right="deletion")
    stone = Tombstone(
        request_id=person.request_id, store="orders", collection="orders", order=0, label="1",
        operation=Disposition.ERASE, keys={"account_id": ["acc-1"]}, columns={},
    )  # fmt: skip
    replay = ledger.replay(replay_id)
    ledger.list_rows(replay, stone, "place", Doubt.NEWER, [{"order_id": "qwortzel"}])
    shown = olivia("GET", f"/ops/replays/{replay_id}")
    assert "qwortzel" not in shown.text
    [entry] = shown.json["entries"]
    assert (entry["doubt"], entry["count"], entry["request_id"]) == ("newer", 1, person.request_id)
    path, body = f"/ops/replays/{replay_id}/decision", {"entry": entry["entry"], "decision": "erase"}
    assert anna("POST", path, json_body=body).code == "not_ready"
    ledger.end_replay(replay, type(replay.status).REVIEW)
    assert olivia("POST", path, json_body=body).code == "forbidden"
    assert anna("POST", path, json_body=body).json["decided_by"] == "anna"
    assert olivia("POST", path, json_body=body | {"decision": "keep"}).code == "too_late"
    assert anna("POST", path, json_body=body | {"entry": "F" * 26}).code == "not_found"


def test_what_was_laid_before_somebody_comes_in_pages_and_each_entry_once(
    anna: Door, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_api.replays.PAGE", 2)
    path = f"/ops/replays/{start(anna).json['replay_id']}"
    replay = ledger.replay(path.rpartition("/")[2])
    stone = Tombstone(
        request_id="A" * 26, store="orders", collection="orders", order=0, label="1",
        operation=Disposition.ERASE, keys={}, columns={},
    )  # fmt: skip
    for place in range(5):
        ledger.list_rows(replay, stone, str(place), Doubt.NEWER, [])
    pages = [anna("GET", path).json]
    while pages[-1]["more"]:
        pages.append(anna("GET", f"{path}?after={pages[-1]['entries'][-1]['entry']}").json)
    assert [len(page["entries"]) for page in pages] == [2, 2, 1]
    shown = [entry["entry"] for page in pages for entry in page["entries"]]
    assert shown == [entry.id for entry in ledger.entries(replay.id)]
    assert anna("GET", f"{path}?after={'F' * 26}").json["entries"] == []
    for odd in ("x", "f" * 26, "F" * 27):
        assert anna("GET", f"{path}?after={odd}").code == "wrong_type"


def test_nobody_decides_on_rows_of_their_own(ledger: Ledger, clock: StoppedClock, person: Person) -> None:
    dara = operator_door(ledger, clock, "dara", "approver", phone_number=PHONE)
    replay_id = start(dara).json["replay_id"]
    person.asks(right="deletion")
    stone = Tombstone(
        request_id=person.request_id, store="orders", collection="orders", order=0, label="1",
        operation=Disposition.ERASE, keys={"phone": [PHONE]}, columns={},
        known_as=(ledger.hmac.tag_of("subject", "phone", PHONE),),
    )  # fmt: skip
    replay = ledger.replay(replay_id)
    ledger.list_rows(replay, stone, "place", Doubt.NEWER, [{"order_id": "o-1"}])
    ledger.end_replay(replay, type(replay.status).REVIEW)
    shown = dara("GET", f"/ops/replays/{replay_id}")
    [entry] = shown.json["entries"]
    assert stone.known_as[0] not in shown.text
    for decision in ("keep", "erase"):
        body = {"entry": entry["entry"], "decision": decision}
        assert dara("POST", f"/ops/replays/{replay_id}/decision", json_body=body).code == "own_request"


# ---- bulk closures


def listed(door: Door, people: Any = PEOPLE, part: int = 0) -> Reply:
    bulk_id = door("POST", "/ops/bulk-closures", json_body=BULK).json["bulk_id"]
    return door("POST", f"/ops/bulk-closures/{bulk_id}/people", json_body={"part": part, "people": people})


def test_a_list_is_put_in_by_one_approver_and_approved_by_another_who_says_how_many(
    anna: Door, bert: Door, olivia: Door
) -> None:
    put = listed(anna)
    assert (put.status, put.json["people"], put.json["status"]) == (200, 3, "draft")
    path = f"/ops/bulk-closures/{put.json['bulk_id']}"
    assert anna("POST", f"{path}/approve", json_body={"people": 3}).code == "second_operator_needed"
    assert olivia("POST", f"{path}/approve", json_body={"people": 3}).code == "forbidden"
    assert bert("POST", f"{path}/approve", json_body={"people": 4}).code == "plan_changed"
    approved = bert("POST", f"{path}/approve", json_body={"people": 3}).json
    assert (approved["status"], approved["approved_by"], approved["listed"]) == ("running", "bert", 3)
    assert bert("POST", f"{path}/approve", json_body={"people": 3}).code == "too_late"
    assert listed(anna).code == "too_late"


def test_whoever_put_people_in_does_not_approve_the_list_although_another_opened_it(anna: Door, bert: Door) -> None:
    bulk_id = anna("POST", "/ops/bulk-closures", json_body=BULK).json["bulk_id"]
    path = f"/ops/bulk-closures/{bulk_id}"
    assert bert("POST", f"{path}/people", json_body={"part": 0, "people": PEOPLE}).status == 200
    assert bert("POST", f"{path}/approve", json_body={"people": 3}).code == "second_operator_needed"


@pytest.mark.parametrize("claims", [{"phone_number": PHONE}, {"email": "A@B.example"}])
def test_an_approver_who_is_on_the_list_does_not_approve_it(
    ledger: Ledger, clock: StoppedClock, anna: Door, claims: dict[str, str]
) -> None:
    people = [{"account_id": "acc-1"}, {"phone": PHONE}, {"email": "a@b.example"}]
    path = f"/ops/bulk-closures/{listed(anna, people).json['bulk_id']}"
    own = operator_door(ledger, clock, "dara", "approver", **claims)
    assert own("POST", f"{path}/approve", json_body={"people": 3}).code == "own_request"
    other = operator_door(ledger, clock, "dara", "approver", phone_number="+85512000009", email="c@d.example")
    assert other("POST", f"{path}/approve", json_body={"people": 3}).json["status"] == "running"


def test_a_list_that_grew_while_it_was_approved_is_not_approved(
    anna: Door, bert: Door, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk_id = listed(anna).json["bulk_id"]
    count = ledger.count_people

    def meanwhile(one: str) -> int:
        number = count(one)
        ledger.put_people(bulk_id, 1, [("account_id", "acc-2")], by="anna")
        return number

    monkeypatch.setattr(ledger, "count_people", meanwhile)
    assert bert("POST", f"/ops/bulk-closures/{bulk_id}/approve", json_body={"people": 3}).status >= 400
    assert ledger.bulk(bulk_id).status == "draft"


def test_who_is_no_approver_pauses_a_closure_and_does_not_go_on_with_it(anna: Door, bert: Door, olivia: Door) -> None:
    path = f"/ops/bulk-closures/{listed(anna).json['bulk_id']}"
    bert("POST", f"{path}/approve", json_body={"people": 3})
    assert olivia("POST", f"{path}/pause").json["status"] == "paused"
    assert (olivia("POST", f"{path}/resume").status, olivia("POST", f"{path}/resume").code) == (403, "forbidden")
    assert olivia("GET", path).json["status"] == "paused"


def test_a_closure_is_held_taken_up_and_stopped_and_shows_how_far_it_is(anna: Door, bert: Door, olivia: Door) -> None:
    path = f"/ops/bulk-closures/{listed(anna).json['bulk_id']}"
    assert anna("POST", f"{path}/resume").code == "too_late"
    bert("POST", f"{path}/approve", json_body={"people": 3})
    for word, status in (("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        door = anna if word == "resume" else olivia
        assert door("POST", f"{path}/{word}").json["status"] == status
    assert anna("POST", f"{path}/resume").code == "too_late"
    shown = olivia("GET", path).json
    assert (shown["taken"], shown["unknown"], shown["several"], shown["results"], shown["more"]) == (0, 0, 0, [], False)
    assert [one["bulk_id"] for one in olivia("GET", "/ops/bulk-closures").json["bulk_closures"]] == [shown["bulk_id"]]


@pytest.mark.parametrize(
    "bad",
    [
        {}, {"phone": "012 345 678"}, {"email": "nobody"}, {"account_id": ""}, {"phone": PHONE, "email": "a@b.c"},
        {"name": "Dara"},
    ],
)  # fmt: skip
def test_what_is_no_identifier_is_told_by_its_place_and_never_by_its_value(anna: Door, bad: dict[str, str]) -> None:
    reply = listed(anna, [*PEOPLE, bad])
    assert reply.status == 422
    assert list(reply.json["error"]["fields"]) == ["people.3"]
    assert "Dara" not in reply.text
    assert "345" not in reply.text


def test_an_operator_opens_no_closure(olivia: Door) -> None:
    assert olivia("POST", "/ops/bulk-closures", json_body=BULK).code == "forbidden"


@pytest.mark.parametrize("path", ["/ops/bulk-closures/x", "/ops/replays/x", "/ops/bulk-closures/" + "A" * 26])
def test_there_is_nothing_under_an_id_that_is_none(olivia: Door, path: str) -> None:
    assert olivia("GET", path).code == "not_found"


# ---- a breach


def breach(door: Door, **body: str) -> Reply:
    asked = {"store": "accounts", "since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}
    return door("POST", "/ops/breach-export", json_body=asked | {"reason": "incident-7"} | body)


def test_the_export_of_a_breach_names_the_requests_of_a_store_and_nobody(
    anna: Door, person: Person, ledger: Ledger
) -> None:
    touched = person.asks(right="deletion").proves().is_answered(Operation.ERASE).request_id
    person.asks(right="access")
    told = breach(anna).json
    [row] = csv.DictReader(io.StringIO(told["csv"]))
    assert (row["request_id"], row["store"], row["found"], row["erased"]) == (touched, "accounts", "3", "2")
    assert row["subjects"] == " ".join(ledger.get(touched).locks)
    assert PHONE not in told["csv"]
    assert (told["rows"], told["looked_at"], told["next"]) == (1, 2, None)
    assert breach(anna, store="orders").json["rows"] == 0


def test_who_exported_it_and_what_for_is_on_record_before_anything_is_shown(anna: Door, ledger: Ledger) -> None:
    breach(anna)
    [act] = ledger.table.query_all("ACTS#2026")
    assert (act["by"], act["what"]) == ("anna", "breach_export")
    assert act["detail"] == {"store": "accounts", "reason": "incident-7"}


def test_only_an_approver_exports_a_breach(olivia: Door) -> None:
    assert breach(olivia).code == "forbidden"


@pytest.mark.parametrize(
    "body",
    [
        {"store": "nowhere"}, {"reason": "Because I say so"}, {"since": "x"}, {"after": "|;"}, {"after": "nowhere|"},
        {"until": "2026-10-01T00:00:00Z"},
    ],
)  # fmt: skip
def test_an_export_says_where_when_and_why(anna: Door, body: dict[str, str]) -> None:
    assert breach(anna, **body).status == 422


def test_an_export_goes_on_where_it_stood_and_leaves_nobody_out(
    anna: Door, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_api.breach.PAGE", 2)
    asked = set()
    for _ in range(3):
        asked.add(person.asks(right="deletion").proves().is_answered(Operation.ERASE).request_id)
    asked.add(person.asks(right="access").proves().is_answered().request_id)
    found, after = [], ""
    for _ in range(4):
        told = breach(anna, after=after).json
        found += [row["request_id"] for row in csv.DictReader(io.StringIO(told["csv"]))]
        if told["next"] is None:
            break
        after = told["next"]
    assert len(found) == len(set(found))
    assert set(found) == asked


@pytest.mark.parametrize("place", ["9999", "2027-01-01T00:00:00Z|A", "", "0|X", "|"])
def test_an_export_goes_on_behind_any_place_also_one_after_its_end(
    anna: Door, person: Person, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    really: Any = ledger.table.query_index

    def as_dynamodb(*what: Any, since: str) -> Any:
        assert since <= what[-1], "from later to earlier: ValidationException, of which moto knows nothing"
        return really(*what, since)

    person.asks()
    monkeypatch.setattr(ledger.table, "query_index", as_dynamodb)
    assert breach(anna, after=f"identity_needed|{place}").status == 200


def test_a_request_that_moves_on_while_it_is_exported_is_not_left_out(
    anna: Door, person: Person, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_api.breach.PAGE", 1)
    moving = person.asks(right="deletion").proves().request_id
    lay(
        ledger, moving, [Task(request_id=moving, store="accounts", kind="dynamodb", stage=1, operation=Operation.ERASE)]
    )
    ledger.begin_work(moving)
    done = person.asks(right="access").proves().is_answered().request_id
    first = breach(anna).json
    ledger.close_request(moving, Status.COMPLETED)
    found, told = [first], first
    while told["next"] is not None:
        told = breach(anna, after=told["next"]).json
        found.append(told)
    named = {row["request_id"] for one in found for row in csv.DictReader(io.StringIO(one["csv"]))}
    assert named == {moving, done}


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "\tx", " =1", "\n=1", "\uff1d1"])
def test_nothing_in_the_table_is_a_formula(value: str) -> None:
    [row] = csv.DictReader(io.StringIO(to_csv([{"request_id": value}], COLUMNS)))
    assert row["request_id"] == f"'{value}"
