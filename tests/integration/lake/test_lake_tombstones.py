"""What a batch took out of a lake is remembered for as long as a backup could bring it back."""

from typing import Any

import pytest

from rights.domain.work import Disposition
from rights.stores.expire import expire
from tests.integration.lake.conftest import CLICKS, PLACES, VIEWS, Killed, Lake, gz, row
from tests.integration.lake.test_working import connector

ERASE, ANONYMISE = Disposition.ERASE, Disposition.ANONYMISE


def stones(lake: Lake) -> list[Any]:
    places = lake.ledger.tombstones("service_logs")
    return [found for place in places if (found := lake.ledger.tombstone("service_logs", place))]


def told(lake: Lake) -> dict[tuple[str, str, Disposition], list[str]]:
    return {(s.request_id, s.collection, s.operation): s.columns["object"] for s in stones(lake)}


def test_each_person_of_a_batch_leaves_the_objects_that_held_their_rows(lake: Lake) -> None:
    a, b, nobody = lake.queue("a"), lake.queue("b"), lake.queue("nobody")
    lake.run()
    assert told(lake) == {
        (a, "page_views", ERASE): [VIEWS],
        (a, "clicks", ERASE): [CLICKS],
        (b, "page_views", ERASE): [VIEWS],
        (b, "clicks", ERASE): [CLICKS],
        (b, "places", ANONYMISE): [PLACES],
    }
    assert nobody not in {stone.request_id for stone in stones(lake)}
    assert {tuple(stone.keys["account_id"]) for stone in stones(lake)} == {("a",), ("b",)}


def test_what_a_backup_brought_back_is_found_and_goes_by_its_tombstone(lake: Lake) -> None:
    lake.queue("a")
    content = lake.s3.get_object(Bucket="mall-lake-123456789012", Key=VIEWS)["Body"].read()
    lake.run()
    lake.put(VIEWS, content)
    [stone] = [stone for stone in stones(lake) if stone.collection == "page_views"]
    question = {"collection": stone.collection, "keys": stone.keys, "rows": stone.rows, "today": "2026-11-25"}
    page = expire(connector(lake), question | {"erase": []})
    assert (page.to_do, [change.key for change in page.doing()]) == (2, [{"object": VIEWS}] * 2)
    assert expire(connector(lake), question | {"erase": [{"object": VIEWS}]}).to_do == 0
    assert [r["account_id"] for r in lake.rows(VIEWS)] == ["b", None, "c"]


def test_many_objects_lie_under_several_stones_and_a_repeat_writes_the_same_ones(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rights.purging_stones.OBJECTS_IN_A_STONE", 2)
    day = "logs/page_views/dt=2026-11-{}/part-0.json.gz"
    for number in (10, 11, 12):
        lake.put(day.format(number), gz([row("a", number), row("c", number)]))
    a = lake.queue("a")
    answer = lake.ledger.answer_member

    def dying(*_: object) -> bool:
        raise Killed

    monkeypatch.setattr(lake.ledger, "answer_member", dying)
    with pytest.raises(Killed):
        lake.run()
    monkeypatch.setattr(lake.ledger, "answer_member", answer)
    lake.run()
    views = [stone.columns["object"] for stone in stones(lake) if stone.collection == "page_views"]
    assert [len(objects) for objects in views] == [2, 2]
    assert sorted(key for objects in views for key in objects) == [
        *(day.format(number) for number in (10, 11, 12)),
        VIEWS,
    ]
    assert lake.told(a)["page_views"] == (5, 0)
