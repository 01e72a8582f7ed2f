"""What docs/costs.md was counted from is what the system still does."""

import json

import pytest

from local.calls import BESIDE, states_entered
from local.cloud import Cloud
from local.costs import COUNTS, RIGHTS, played
from tests.workflow.conftest import Crowd

COUNTED = json.loads(COUNTS.read_text("utf-8"))


@pytest.mark.parametrize("right", RIGHTS)
def test_a_request_enters_the_states_that_its_cost_was_counted_by(cloud: Cloud, crowd: Crowd, right: str) -> None:
    request_id = played(cloud, right, crowd.someone("orders"))
    assert dict(states_entered(cloud, request_id)) == COUNTED[right]["states"], "run `make costs`"


@pytest.mark.parametrize("right", RIGHTS)
def test_what_runs_by_the_clock_is_in_no_bill(right: str) -> None:
    assert not BESIDE & set(COUNTED[right]["invocations"])
