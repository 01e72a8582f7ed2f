"""docs/costs.md says what was counted, at the prices and the sizes of today."""

import json
from typing import Any

import pytest

from local.costs import COUNTS, PAGE, PRICES, RIGHTS, bill, memory_of_functions, page
from tests.support.machine import states

COUNTED = json.loads(COUNTS.read_text("utf-8"))


def test_the_page_is_what_the_counts_come_to() -> None:
    assert PAGE.read_text("utf-8") == page(COUNTED), "run `make costs ARGS=--render`"


@pytest.mark.parametrize("right", RIGHTS)
def test_what_was_counted_is_still_there(right: str) -> None:
    assert set(COUNTED[right]["states"]) <= set(states()), "run `make costs`"
    assert set(COUNTED[right]["invocations"]) <= set(memory_of_functions()), "run `make costs`"


@pytest.mark.parametrize("right", RIGHTS)
def test_a_bill_has_a_line_for_each_price_and_nothing_for_nothing(right: str) -> None:
    lines = bill(COUNTED[right], memory_of_functions())
    assert [line.what for line in lines] == list(PRICES)
    assert sum(line.dollars for line in lines) > 0
    nothing: dict[str, Any] = {"calls": {}, "invocations": {}, "seconds": {}, "states": {}, "units": {}}
    assert sum(line.amount for line in bill(nothing, {})) == 1


def test_a_bill_adds_up() -> None:
    counts = {
        "calls": {"kms Sign": 2, "kms Decrypt": 3, "s3 PutObject": 4, "s3 GetObject": 5, "sesv2 SendEmail": 1},
        "invocations": {"PublicApi": 2, "Close": 1},
        "seconds": {"PublicApi": 2.0, "Close": 1.0},
        "states": {"Close": 9},
        "units": {"read": 3.5, "write": 7},
    }
    amounts = {line.what: line.amount for line in bill(counts, {"PublicApi": 1024, "Close": 512})}
    assert amounts == {
        "state transition": 10,
        "invocation": 3,
        "GB-second (arm64)": 2.5,
        "API Gateway call": 2,
        "DynamoDB read unit": 3.5,
        "DynamoDB write unit": 7,
        "KMS call": 3,
        "KMS signature": 2,
        "S3 write or list": 4,
        "S3 read": 5,
        "SQS call": 0,
        "secret read": 0,
        "mail": 1,
    }
