"""What a certificate says of each right; that it is signed is tested where its keys are."""

from typing import Any

import pytest

from rights.certificate import TOLD, certificate_claims
from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.domain.work import Counts, Kept
from tests.unit.package.exports import a_request, a_task

VERIFIED = "2026-11-22T04:00:00.000000Z"


def claims(right: Right, *tasks: Any, **request: Any) -> dict[str, Any]:
    return certificate_claims(a_request(right, **request), tasks, Status.COMPLETED, "https://mall.example")


def test_a_deletion_says_what_was_erased_and_what_was_kept_until_when() -> None:
    counts = Counts(found=3, erased=1, anonymised=1, retained=1, kept=(Kept(11, "2034-12-31", 1, "statutory_records"),))
    [store] = claims(Right.DELETION, a_task(Operation.ERASE, counts, verified_at=VERIFIED))["stores"]
    assert store == {
        "store": "shop", "operation": "erase", "found": 3, "erased": 1, "anonymised": 1, "retained": 1,
        "kept": [{"ground": 11, "until": "2034-12-31", "records": 1, "reason": "statutory_records"}],
        "verified_at": VERIFIED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("right", "operation", "counts", "told"),
    [
        (Right.ACCESS, Operation.EXPORT, Counts(found=2, exported=2), {"found": 2, "exported": 2}),
        (Right.PORTABILITY, Operation.EXPORT, Counts(found=2, exported=2), {"found": 2, "exported": 2}),
        (
            Right.CORRECTION,
            Operation.CORRECT,
            Counts(found=2, corrected=1, conflicts=1),
            {"corrected": 1, "conflicts": 1},
        ),
        (Right.RESTRICTION, Operation.RESTRICT, Counts(found=2, flagged=2), {"flagged": 2}),
        (Right.ACCOUNT_CLOSURE, Operation.FREEZE, Counts(found=1, flagged=1), {"flagged": 1}),
    ],
)
def test_every_operation_tells_its_own_counts_and_no_others(
    right: Right, operation: Operation, counts: Counts, told: dict[str, int]
) -> None:
    [store] = claims(right, a_task(operation, counts, verified_at=VERIFIED))["stores"]
    assert store == {"store": "shop", "operation": str(operation), **told, "verified_at": VERIFIED}


def test_no_operation_is_without_words() -> None:
    assert set(TOLD) == set(Operation)


def test_a_store_that_was_left_out_says_on_what_ground_and_until_when() -> None:
    task = a_task(Operation.ERASE, Counts(found=4), refused=7, keep_until="2027-11-22")
    [store] = claims(Right.DELETION, task)["stores"]
    assert (store["refused"], store["until"], store["found"], store["erased"]) == (7, "2027-11-22", 4, 0)


def test_a_collection_that_was_withheld_is_named_with_its_ground() -> None:
    task = a_task(Operation.EXPORT, Counts(found=2, exported=2), collections=("orders",), withheld={"calls": 4})
    [store] = claims(Right.ACCESS, task)["stores"]
    assert (store["collections"], store["withheld"], store["exported"]) == (["orders"], {"calls": 4}, 2)


def test_a_recipient_that_was_left_out_says_on_what_ground() -> None:
    task = a_task(Operation.ERASE, kind="partner", refused=7, keep_until="2027-11-22", recipient={"answer": "left_out"})
    [store] = claims(Right.DELETION, task)["stores"]
    assert (store["recipient"], store["refused"], store["until"]) == ("left_out", 7, "2027-11-22")


def test_a_request_for_a_part_names_the_part() -> None:
    said = claims(
        Right.DELETION,
        a_task(Operation.ERASE, collections=("search_history",)),
        scope=("search_history",),
    )
    assert (said["scope"], said["stores"][0]["collections"]) == (["search_history"], ["search_history"])
    said = claims(Right.MARKETING_OPT_OUT, a_task(Operation.RESTRICT, purposes=("marketing",)), purposes=("marketing",))
    assert (said["purposes"], said["stores"][0]["purposes"]) == (["marketing"], ["marketing"])


def test_a_whole_request_names_no_part_and_every_certificate_its_version() -> None:
    said = claims(Right.DELETION)
    assert not {"scope", "purposes"} & said.keys()
    assert said["version"] == 2
