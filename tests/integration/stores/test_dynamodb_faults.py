"""The DynamoDB connector when something goes wrong: nothing is lost, nobody else is touched, the outcome is clear."""

from collections import Counter
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from rights.datamap import StoreMap
from rights.domain.rights import Operation
from rights.domain.work import Counts, TaskStatus
from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.dynamodb import DynamoConnector
from rights.stores.roles import Roles
from rights.stores.work import Worker
from tests.unit.stores.fakes import FakeLedger, FakeParts, Killed, Patient, at_noon
from tests.unit.stores.maps import ACCOUNT, collection, field, person, store

TODAY = "2025-11-22"
ME = person("acc-1")
INSIDE = [
    field("street", {"on_deletion": "null"}),
    field("phone", {"on_deletion": "constant", "constant": "-"}),
    field("town"),
]
FIELDS = (
    field("account_id", ACCOUNT, primary_key=True),
    field("item", primary_key=True),
    field("buyer", ACCOUNT),
    field("address") | {"fields": INSIDE},
    field("parcels") | {"fields": [field("to") | {"fields": INSIDE}, field("weight")]},
)


def shop(**rights: Any) -> StoreMap:
    access = {"table": "shop", "query_by": "account_id"} | rights.pop("access", {})
    return store(collection("things", *FIELDS, dynamodb=[access], **rights), kind="dynamodb")


def table_of(sort: str) -> Any:
    client: Any = boto3.client("dynamodb")
    client.create_table(
        TableName="shop",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("account_id", sort)],
        KeySchema=[{"AttributeName": "account_id", "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


@pytest.fixture
def client(aws: None) -> Any:
    return table_of("item")


def put(client: Any, number: int, **attributes: Any) -> None:
    item = {"account_id": {"S": "acc-1"}, "item": {"S": f"{number:03d}"}}
    client.put_item(TableName="shop", Item=item | attributes)


def left(client: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.scan(TableName="shop")["Items"]
    return sorted(found, key=lambda item: str(item["item"]["S"]))


class Refusals:
    """What DynamoDB answers the first so many calls of an operation, before it does what is asked."""

    def __init__(self, client: Any, operation: str, code: str, times: int) -> None:
        self.calls: Counter[str] = Counter()
        self._operation, self._code, self.times = operation, code, times
        client.meta.events.register_first("before-send.dynamodb", self)

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        self.calls[operation] += 1
        if operation != self._operation or self.calls[operation] > self.times:
            return None
        # moto is asked, too, whatever is answered here: for something harmless.
        request.headers["X-Amz-Target"] = b"DynamoDB_20120810.ListTables"
        body = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{self._code}", "message": "acc-1 is too hot"}}'
        return AWSResponse(request.url, 400, HTTPHeaders(), Raw(body.encode()))


class Raw:
    """A body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self._body]


def worked(client: Any, described: StoreMap, ledger: FakeLedger, page_size: int = 4) -> Worker:
    return Worker(ledger, DynamoConnector(described, client, page_size=page_size), FakeParts(), at_noon)


def test_a_table_that_is_throttled_for_a_while_is_erased_whole(client: Any) -> None:
    for number in range(12):
        put(client, number)
    patient = Roles(boto3.client("sts"), "123456789012").client("dynamodb", "arn:aws:iam::${AccountId}:role/shop")
    refusals = Refusals(patient, "DeleteItem", "ProvisionedThroughputExceededException", times=3)
    ledger = FakeLedger(Operation.ERASE, ME)
    worker = worked(patient, shop(), ledger)
    assert worker.run("work", "01REQUEST", "shop", Patient()).status == "read_back"
    assert worker.run("read_back", "01REQUEST", "shop", Patient()).status == "done"
    assert (left(client), ledger.saved.counts) == ([], Counts(found=12, erased=12))
    assert refusals.calls["DeleteItem"] == 15


def test_a_table_that_stays_throttled_is_unavailable_and_the_rest_of_the_page_is_not_tried(client: Any) -> None:
    for number in range(200):
        put(client, number)
    hasty: Any = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
    connector = DynamoConnector(shop(), hasty)
    page = connector.plan_page("things", ME, None, TODAY)
    refusals = Refusals(hasty, "DeleteItem", "ThrottlingException", times=10**6)
    with pytest.raises(StoreUnavailableError, match=r"^DeleteItem: ThrottlingException$"):
        connector.apply_page("things", ME, page)
    assert refusals.calls["DeleteItem"] < 150
    assert len(left(client)) == 200


def test_a_role_that_lost_its_right_to_delete_is_refused_and_what_is_recorded_is_done_once_it_has_it(
    client: Any,
) -> None:
    for number in range(6):
        put(client, number)
    refusals = Refusals(client, "DeleteItem", "AccessDeniedException", times=10**6)
    ledger = FakeLedger(Operation.ERASE, ME)
    worker = worked(client, shop(), ledger)
    with pytest.raises(StoreRefusedError, match=r"^DeleteItem: AccessDeniedException$"):
        worker.run("work", "01REQUEST", "shop", Patient())
    assert ledger.saved.intent is not None
    refusals.times = 0
    assert worker.run("work", "01REQUEST", "shop", Patient()).status == "read_back"
    assert ledger.saved.counts == Counts(found=6, erased=6)


def test_a_table_with_other_keys_than_the_map_says_is_refused(client: Any) -> None:
    client.delete_table(TableName="shop")
    table_of("number")
    connector = DynamoConnector(shop(), client)
    client.put_item(TableName="shop", Item={"account_id": {"S": "acc-1"}, "number": {"S": "1"}, "item": {"S": "a"}})
    page = connector.plan_page("things", ME, None, TODAY)
    with pytest.raises(StoreRefusedError, match="ValidationException"):
        connector.apply_page("things", ME, page)
    assert len(left(client)) == 1


def test_a_worker_killed_between_the_writes_and_their_record_is_succeeded_by_one_that_counts_exactly(
    client: Any,
) -> None:
    for number in range(9):
        put(client, number)
    ledger, applied = FakeLedger(Operation.ERASE, ME), 0

    def die(task: Any) -> None:
        nonlocal applied
        if task.intent is None and len(left(client)) == 5 and not applied:
            applied = 1
            raise Killed

    ledger.before_checkpoint = die
    worker = worked(client, shop(), ledger)
    with pytest.raises(Killed):
        worker.run("work", "01REQUEST", "shop", Patient())
    assert len(left(client)) == 5
    assert worker.run("work", "01REQUEST", "shop", Patient()).status == "read_back"
    assert worker.run("read_back", "01REQUEST", "shop", Patient()).status == "done"
    assert (ledger.saved.status, ledger.saved.counts) == (TaskStatus.DONE, Counts(found=9, erased=9))


def test_a_cursor_may_be_replayed_also_when_its_item_is_gone(client: Any) -> None:
    for number in range(9):
        put(client, number)
    connector = DynamoConnector(shop(), client, page_size=4)
    first = connector.plan_page("things", ME, None, TODAY)
    second = connector.plan_page("things", ME, first.next, TODAY)
    connector.apply_page("things", ME, first)
    assert connector.plan_page("things", ME, first.next, TODAY) == second
    assert connector.read_page("things", ME, first.next) == connector.read_page("things", ME, first.next)
    assert [record["item"] for record in connector.read_page("things", ME, first.next).records] == [
        "004", "005", "006", "007",
    ]  # fmt: skip


def test_an_item_that_got_another_owner_between_the_plan_and_its_application_stays(client: Any) -> None:
    put(client, 1)
    put(client, 2)
    connector = DynamoConnector(shop(), client)
    page = connector.plan_page("things", ME, None, TODAY)
    put(client, 2, buyer={"S": "acc-2"})
    connector.apply_page("things", ME, page)
    assert [item["item"]["S"] for item in left(client)] == ["002"]
    assert connector.plan_page("things", ME, None, TODAY).to_do == 0


@pytest.mark.parametrize("slow", [0.01, 0.2])
def test_pages_and_writes_keep_to_the_capacity_that_the_map_allows(client: Any, slow: float) -> None:
    for number in range(9):
        put(client, number)
    connector = DynamoConnector(shop(access={"write_units": slow}), client, page_size=4)
    assert len(connector.plan_page("things", ME, None, TODAY).changes) == max(1, int(slow * 20))


ADDRESS = {"M": {"street": {"S": "Street 51"}, "phone": {"S": "+85512"}, "town": {"S": "Takeo"}}}
EMPTIED = {"M": {"phone": {"S": "-"}, "town": {"S": "Takeo"}}}


def test_anonymising_takes_what_is_inside_kept_fields_in_maps_and_in_every_element_of_lists(client: Any) -> None:
    parcels = {"L": [{"M": {"to": ADDRESS, "weight": {"N": "1.50"}}}, {"M": {"weight": {"N": "2"}}}]}
    put(client, 1, address=ADDRESS, parcels=parcels)
    put(client, 2, address={"M": {"town": {"S": "Kep"}}})
    put(client, 3)
    connector = DynamoConnector(shop(on_deletion="anonymise"), client)
    page = connector.plan_page("things", ME, None, TODAY)
    assert page.counts() == Counts(found=1, anonymised=1)
    connector.apply_page("things", ME, page)
    connector.apply_page("things", ME, page)
    [one, two, _] = left(client)
    assert one["address"] == EMPTIED
    assert one["parcels"] == {"L": [{"M": {"to": EMPTIED, "weight": {"N": "1.50"}}}, {"M": {"weight": {"N": "2"}}}]}
    assert two["address"] == {"M": {"town": {"S": "Kep"}}}
    assert connector.plan_page("things", ME, None, TODAY).to_do == 0


def test_what_is_written_into_a_field_while_it_is_emptied_inside_is_not_overwritten(client: Any) -> None:
    put(client, 1, address=ADDRESS)
    connector = DynamoConnector(shop(on_deletion="anonymise"), client)
    page = connector.plan_page("things", ME, None, TODAY)
    moved = {"M": ADDRESS["M"] | {"street": {"S": "Street 99"}, "town": {"S": "Kep"}}}
    client.meta.events.register_first("before-send.dynamodb", Moves(client, moved))
    connector.apply_page("things", ME, page)
    assert left(client)[0]["address"] == moved
    connector.apply_page("things", ME, connector.plan_page("things", ME, None, TODAY))
    assert left(client)[0]["address"] == {"M": EMPTIED["M"] | {"town": {"S": "Kep"}}}


class Moves:
    """The shop, which writes just before our update does, once."""

    def __init__(self, client: Any, address: Any) -> None:
        self._client, self._address, self._done = client, address, False

    def __call__(self, request: Any, **_: Any) -> None:
        if request.headers["X-Amz-Target"].endswith(b".UpdateItem") and not self._done:
            self._done = True
            put(self._client, 1, address=self._address)
