"""The intake of a bulk closure: each person on the list once, so many a minute, held and stopped by a word."""

from collections.abc import Mapping
from typing import Any

import pytest

from rights.asking import Stores
from rights.closing import Closing
from rights.datamap import DataMap
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.rights import Channel, Locale, Right
from rights.domain.status import Status
from rights.errors import IllegalTransitionError
from rights.ledger import Ledger
from rights.ledger.bulk import PART, Bulk, BulkStatus
from rights.sealing import Sealer
from tests.support.lambdas import FUNCTIONS, Lambdas
from tests.unit.stores import maps
from tests.unit.stores.fakes import FakeStore, Killed

ONE = {"key": "account_id", "identifies": "one"}
PHONE = {"key": "phone", "identifies": "one"}
MAP = DataMap(
    version="1",
    stores=(
        maps.store(
            maps.collection(
                "items",
                maps.field("row", primary_key=True),
                maps.field("account", ONE),
                maps.field("phone", maps.PHONE),
            )
        ),
    ),
)
PHONES = {f"+8551234567{number}": (f"acc-{number}",) for number in range(6)}


class Mall(FakeStore):
    """A store that knows whose phone it is."""

    def __init__(self) -> None:
        super().__init__({"items": {}})
        self.accounts: dict[str, tuple[str, ...]] = dict(PHONES)
        self.bare = {"acc-bare"}

    def locate(self, keys: KeySet) -> KeySet:
        found = [a for phone in keys.of_kind(Kind.PHONE) for a in self.accounts.get(phone, ())]
        return keys | KeySet.of(Identifier(Kind.ACCOUNT, account) for account in found)

    def count(self, keys: KeySet) -> Mapping[str, int]:
        return {"items": len(self.bare & set(keys.accounts))}


class Scene:
    """A ledger, a mall, and the job of every minute."""

    def __init__(self, ledger: Ledger, sealer: Sealer) -> None:
        self.ledger = ledger
        self.mall = Mall()
        self.lambdas = Lambdas({"shop": self.mall}, sealer)

    def minute(self, people: int = 60) -> dict[str, int]:
        stores = Stores(self.lambdas, FUNCTIONS, MAP, self.ledger.sealer)
        return Closing(self.ledger, stores, people).run(lambda: False)

    def opened(self, *people: tuple[str, str], approve: bool = True) -> Bulk:
        bulk = self.ledger.open_bulk("service-x-2026", Locale.ZH, by="op-1")
        self.ledger.put_people(bulk.id, 0, people, by="op-1")
        bulk = self.ledger.bulk(bulk.id)
        return self.ledger.approve_bulk(bulk, len(people), by="op-2") if approve else bulk

    def results(self, bulk: Bulk) -> list[dict[str, Any]]:
        return list(self.ledger.results(bulk.id))

    def requests(self, bulk: Bulk) -> list[str]:
        return [one["request_id"] for one in self.results(bulk) if one["request_id"]]


@pytest.fixture
def scene(ledger: Ledger, sealer: Sealer) -> Scene:
    return Scene(ledger, sealer)


def phones(count: int) -> list[tuple[str, str]]:
    return [("phone", phone) for phone in list(PHONES)[:count]]


def test_each_person_on_the_list_gets_a_request_of_their_own(scene: Scene) -> None:
    bulk = scene.opened(*phones(3))
    assert scene.minute() == {"taken": 3, "running": 1, "failed": 0}
    requests = [scene.ledger.get(one) for one in scene.requests(bulk)]
    assert len({request.id for request in requests}) == 3
    for number, request in enumerate(requests):
        assert (request.right, request.channel, request.locale) == (Right.DELETION, Channel.BULK, Locale.ZH)
        assert request.status is Status.VERIFIED
        assert scene.ledger.seeds(request) == {"account_id": f"acc-{number}"}
        assert scene.ledger.verify_chain(request.id)
    assert scene.ledger.bulk(bulk.id).status is BulkStatus.DONE


def test_so_many_a_minute_and_no_more(scene: Scene) -> None:
    bulk = scene.opened(*phones(5))
    assert [scene.minute(2)["taken"] for _ in range(4)] == [2, 2, 1, 0]
    assert scene.ledger.bulk(bulk.id).counts == {"taken": 5, "unknown": 0, "several": 0}


def test_whom_nobody_knows_and_who_might_be_two_people_are_listed_by_their_place(scene: Scene) -> None:
    scene.mall.accounts["+85599999999"] = ("acc-a", "acc-b")
    people = [*phones(1), ("phone", "+85500000000"), ("phone", "+85599999999"), ("account_id", "acc-none")]
    bulk = scene.opened(*people, ("account_id", "acc-bare"))
    scene.minute()
    assert [one["result"] for one in scene.results(bulk)] == ["taken", "unknown", "several", "unknown", "taken"]
    assert len(scene.requests(bulk)) == 2
    assert "+85599999999" not in str(list(scene.ledger.table.query_all(f"BULK#{bulk.id}")))


def test_the_list_lies_sealed(scene: Scene) -> None:
    bulk = scene.opened(*phones(2))
    scene.minute()
    items = [*scene.ledger.table.query_all(f"BULK#{bulk.id}"), *scene.ledger.table.query_all("BULKS")]
    assert "+855" not in str(items)
    assert "acc-" not in str(items)


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_an_intake_that_was_killed_takes_nobody_in_twice(scene: Scene, calls: int) -> None:
    bulk = scene.opened(*phones(3))
    came_of, left = scene.ledger.came_of, [calls]

    def die(*given: Any) -> Bulk:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return came_of(*given)

    scene.ledger.came_of = die  # type: ignore[assignment, method-assign]
    with pytest.raises(Killed):
        scene.minute()
    scene.ledger.came_of = came_of  # type: ignore[method-assign]
    scene.minute()
    taken = list(scene.ledger.by_status(Status.VERIFIED))
    assert len(taken) == 3
    assert {request.id for request in taken} == set(scene.requests(bulk))


def test_a_pause_holds_the_intake_and_it_goes_on_where_it_stood(scene: Scene) -> None:
    bulk = scene.opened(*phones(4))
    scene.minute(1)
    scene.ledger.move_bulk(bulk.id, BulkStatus.PAUSED, by="op-1")
    assert scene.minute() == {"taken": 0, "running": 0, "failed": 0}
    scene.ledger.move_bulk(bulk.id, BulkStatus.RUNNING, by="op-1")
    assert scene.minute()["taken"] == 3
    assert [one["position"] for one in scene.results(bulk)] == [0, 1, 2, 3]


def test_a_stop_ends_it_for_good_and_leaves_what_was_taken_in(scene: Scene) -> None:
    bulk = scene.opened(*phones(4))
    scene.minute(1)
    scene.ledger.move_bulk(bulk.id, BulkStatus.STOPPED, by="op-1")
    assert scene.minute()["taken"] == 0
    assert len(scene.requests(bulk)) == 1
    with pytest.raises(IllegalTransitionError):
        scene.ledger.move_bulk(bulk.id, BulkStatus.RUNNING, by="op-1")


def test_a_pause_in_the_middle_of_a_minute_is_obeyed(scene: Scene) -> None:
    bulk = scene.opened(*phones(3))
    scene.lambdas.after = lambda: scene.ledger.move_bulk(bulk.id, BulkStatus.PAUSED, by="op-1")  # type: ignore[assignment]
    scene.minute()
    assert scene.results(bulk) == []
    assert scene.ledger.bulk(bulk.id).place == 0


def test_nothing_is_taken_in_before_somebody_approved_the_list(scene: Scene) -> None:
    scene.opened(*phones(2), approve=False)
    assert scene.minute() == {"taken": 0, "running": 0, "failed": 0}


def test_a_list_in_parts_is_gone_through_in_order_and_a_part_put_twice_is_there_once(scene: Scene) -> None:
    bulk = scene.ledger.open_bulk("service-x-2026", Locale.KM, by="op-1")
    for _ in range(2):
        scene.ledger.put_people(bulk.id, 0, phones(2), by="op-1")
    scene.ledger.put_people(bulk.id, 1, phones(5)[2:], by="op-1")
    assert scene.ledger.count_people(bulk.id) == 5
    scene.ledger.move_bulk(bulk.id, BulkStatus.RUNNING, by="op-2")
    with pytest.raises(IllegalTransitionError):
        scene.ledger.put_people(bulk.id, 2, phones(1), by="op-1")
    for _ in range(4):
        scene.minute(2)
    assert [one["position"] for one in scene.results(bulk)] == [0, 1, PART, PART + 1, PART + 2]
    assert scene.ledger.bulk(bulk.id).status is BulkStatus.DONE


def test_the_same_key_is_the_same_closure(scene: Scene) -> None:
    first = scene.opened(*phones(1))
    assert scene.ledger.open_bulk("service-x-2026", Locale.KM, by="op-9").id == first.id
    assert [bulk.id for bulk in scene.ledger.bulks()] == [first.id]


def test_a_store_that_fails_holds_the_intake_where_it_stood(scene: Scene) -> None:
    bulk = scene.opened(*phones(2))
    scene.lambdas.fails["shop"] = "StoreUnavailableError"
    assert scene.minute()["failed"] == 1
    scene.lambdas.fails.clear()
    assert scene.minute()["taken"] == 2
    assert scene.ledger.bulk(bulk.id).counts["taken"] == 2
