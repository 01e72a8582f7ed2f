"""A person's task on a lake, as the worker carries it out: it waits for a batch, and reads back what that did."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rights.domain.rights import Operation
from rights.domain.work import Counts, TaskStatus
from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.ledger import Task
from rights.stores.contract import Page
from rights.stores.lake import LakeConnector
from rights.stores.work import Report, Worker
from rights.stores.works.lake import LOOKS_AGAIN, LakeErase, LakeExport
from tests.integration.lake.conftest import BUCKET, CLICKS, VIEWS, Lake, gz, keys, row
from tests.support.clock import StoppedClock


@dataclass
class Context:
    left: int = 900_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left


@dataclass
class Parts:
    written: dict[tuple[str, int], Page] = field(default_factory=dict)

    def write(self, folder: str, number: int, page: Page, records_before: int) -> None:
        assert records_before >= 0
        self.written[folder, number] = page


def connector(lake: Lake, **sizes: int) -> LakeConnector:
    return LakeConnector(lake.store, lake.client, lambda text: text.replace("${AccountId}", "123456789012"), **sizes)


def work(lake: Lake, request_id: str, step: Any = "work", parts: Parts | None = None) -> Report:
    doings: Any = {Operation.ERASE: lambda t, _: LakeErase(t), Operation.EXPORT: lambda t, _: LakeExport(t)}
    worker = Worker(lake.ledger, connector(lake, page_size=2), parts or Parts(), lake.ledger.clock, doings)
    return worker.run(step, request_id, "service_logs", Context())


def test_a_task_waits_for_the_batch_and_is_done_once_it_is_read_back(lake: Lake) -> None:
    a = lake.ask("a")
    for _ in range(2):
        assert work(lake, a) == Report("service_logs", "waiting", seconds=LOOKS_AGAIN)
    assert lake.ledger.task(a, "service_logs").status is TaskStatus.WAITING
    assert [queued.request_id for queued in lake.ledger.queued("service_logs")] == [a]
    lake.run()
    assert work(lake, a).status == "read_back"
    lake.client.calls.clear()
    assert work(lake, a, "read_back") == Report("service_logs", "done")
    task = lake.ledger.task(a, "service_logs")
    assert task.counts == Counts(found=3, erased=3)
    assert task.verified_at
    assert Counts.from_dict(task.by_collection["page_views"]).erased == 2


def test_what_was_written_since_is_found_by_the_read_back_and_goes_with_the_next_batch(lake: Lake) -> None:
    a = lake.ask("a")
    work(lake, a)
    lake.run()
    work(lake, a)
    lake.put("logs/page_views/dt=2026-11-25/part-0.json.gz", gz([row("a", 30), row("c", 31)]))
    assert work(lake, a, "read_back") == Report("service_logs", "more", 1)
    assert work(lake, a).status == "waiting"
    lake.run()
    assert work(lake, a).status == "read_back"
    assert work(lake, a, "read_back").status == "done"
    assert lake.ledger.task(a, "service_logs").counts == Counts(found=4, erased=4)


def test_an_object_that_could_not_be_worked_on_keeps_the_task_open_and_the_counts_exact(lake: Lake) -> None:
    broken = "logs/page_views/dt=2026-11-21/part-0.json.gz"
    lake.put(broken, gz([row("a", 1)])[:-9])
    a = lake.ask("a")
    work(lake, a)
    lake.run()
    assert work(lake, a).status == "read_back"
    with pytest.raises(StoreRefusedError, match="1 objects"):
        work(lake, a, "read_back")
    lake.ledger.fail_task(a, "service_logs", "StoreRefusedError")
    lake.put(broken, gz([row("a", 1), row("c", 2)]))
    lake.s3.delete_object(Bucket=BUCKET, Key=broken, VersionId=lake.versions(broken)[1])
    lake.ledger.reopen_tasks(a)
    assert work(lake, a).status == "waiting"
    lake.run()
    assert work(lake, a).status == "read_back"
    assert work(lake, a, "read_back").status == "done"
    assert lake.ledger.task(a, "service_logs").counts == Counts(found=4, erased=4)


def test_what_an_operator_left_out_is_kept_whole_and_never_queued(lake: Lake) -> None:
    a = lake.ask("a")
    task = lake.ledger.task(a, "service_logs")

    lake.ledger.checkpoint_task(replace(task, refused=3, keep_until="2027-01-01"))
    assert work(lake, a).status == "read_back"
    assert work(lake, a, "read_back").status == "done"
    assert lake.ledger.task(a, "service_logs").counts.retained == 3
    assert list(lake.ledger.queued("service_logs")) == []
    assert [r["account_id"] for r in lake.rows(VIEWS)].count("a") == 2


def test_an_export_hands_over_every_row_with_its_day_page_after_page(lake: Lake, clock: StoppedClock) -> None:
    reached = connector(lake, page_size=1, objects=1)
    seen: list[Any] = []
    after = None
    while True:
        page = reached.read_page("page_views", keys("a"), after)
        seen += page.records
        after = page.next
        if after is None:
            break
    assert seen == [row("a", number) | {"dt": "2026-11-20"} for number in (0, 2)]
    assert reached.count(keys("a")) == {"page_views": 2, "clicks": 1, "searches": 0, "devices": 0, "places": 0}


def test_the_end_of_a_retention_takes_rows_out_of_single_objects(lake: Lake) -> None:
    reached = connector(lake)
    page = reached.plan_rows("clicks", keys("a"), [{"object": CLICKS}], "2026-11-25")
    assert page.to_do == 1
    reached.apply_page("clicks", keys("a"), page)
    reached.apply_page("clicks", keys("a"), page)
    assert reached.plan_rows("clicks", keys("a"), [{"object": CLICKS}], "2026-11-25").to_do == 0
    assert reached.plan_rows("clicks", keys("a"), [{"object": "elsewhere/x"}], "2026-11-25").changes == []


def test_a_lake_recognises_nobody_and_leads_nowhere(lake: Lake) -> None:
    assert connector(lake).locate(keys("a")).values == frozenset()


def test_one_file_that_cannot_be_read_holds_up_no_plan(lake: Lake) -> None:
    lake.put("logs/page_views/dt=2026-11-19/part-0.json.gz", gz([row("a", 1)])[:-9])
    lake.put("logs/clicks/dt=2026-11-19/part-0.parquet", b"PAR1", StorageClass="GLACIER")
    counted = connector(lake).count(keys("a"))
    assert (counted["page_views"], counted["clicks"]) == (2, 1)


def test_who_waits_for_a_batch_does_not_keep_the_repair_of_another_store_waiting(lake: Lake) -> None:
    a = lake.ask("a")
    failed = Task(request_id=a, store="orders", kind="postgres", stage=2, operation=Operation.ERASE,
                  status=TaskStatus.FAILED)  # fmt: skip
    lake.ledger.table.transact(lake.ledger.task_parts([failed]))
    assert work(lake, a).status == "failed"
    assert lake.ledger.task(a, "service_logs").status is TaskStatus.WAITING
    assert [queued.request_id for queued in lake.ledger.queued("service_logs")] == [a]
    lake.run()
    assert work(lake, a).status == "read_back"
    assert work(lake, a, "read_back").status == "done"


@pytest.mark.parametrize("way", ["read_page", "plan_page", "plan_rows"])
def test_an_object_that_is_replaced_while_it_is_read_is_an_error_that_is_tried_again(lake: Lake, way: str) -> None:
    def replaced(call: str, _: dict[str, Any]) -> None:
        if call == "get_object":
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, call)

    lake.client.before = replaced
    given: dict[str, Any] = {
        "read_page": (None,),
        "plan_page": (None, "2026-11-22"),
        "plan_rows": ([{"object": VIEWS}], "2026-11-22"),
    }
    with pytest.raises(StoreUnavailableError) as caught:
        getattr(connector(lake), way)("page_views", keys("a"), *given[way])
    # Step Functions goes by the name of the class, whatever it is derived from.
    assert type(caught.value) is StoreUnavailableError
