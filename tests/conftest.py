"""Fixtures for all tests: no test reaches an account, whatever the machine has configured."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from local.cloud import Cloud, Options, running
from rights.ledger import Ledger
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from tests.support.clock import StoppedClock
from tests.support.crowd import Crowd
from tests.support.moto import client, empty_moto
from tests.support.template import create_ledger_table

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="ap-southeast-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_METRICS_NAMESPACE="DataRights",
    POWERTOOLS_SERVICE_NAME="tests",
)

# Machines are shared and noisy: what a property test may find must not depend on how fast it runs.
settings.register_profile("default", deadline=None)
settings.load_profile("default")


_LONG = frozenset({"workflow", "browser"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first: with two workers, the many short ones then fill what time is left.

    A long one plays some fifty processes on a machine that is shared: one that fails is tried once more, and what
    failed first is in the summary, to be looked into.
    """
    items.sort(key=lambda item: _LONG.isdisjoint(item.path.parts))
    for item in items:
        if not _LONG.isdisjoint(item.path.parts):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what failed before it passed."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"tried once more: {report.nodeid} ({report.when})")
        terminalreporter.write_line(report.longreprtext)


@pytest.fixture
def root() -> Path:
    """The folder of the repository."""
    return Path(__file__).parents[1]


@pytest.fixture
def aws() -> Iterator[None]:
    """AWS as moto plays it, empty."""
    with empty_moto():
        yield


@pytest.fixture
def clock() -> StoppedClock:
    """A clock the test moves."""
    return StoppedClock()


@pytest.fixture
def sealer(aws: None) -> Sealer:
    """A sealer over a fresh key."""
    kms = client("kms")
    return Sealer(kms, kms.create_key()["KeyMetadata"]["KeyId"])


@pytest.fixture
def ledger(aws: None, sealer: Sealer, clock: StoppedClock) -> Ledger:
    """An empty ledger on moto."""
    dynamodb = client("dynamodb")
    create_ledger_table(dynamodb, "ledger")
    return Ledger(Table(dynamodb, "ledger"), sealer, Hmac(b"test secret"), clock)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """One local cloud for all tests of a process: the real stack, the real handlers, a mall of a few people."""
    with running(Options(port=0, population=320, repair_delay_seconds=2, cooling_off_seconds=1)) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def crowd(cloud: Cloud) -> Crowd:
    """The ordinary people of the mall, each given out once."""
    return Crowd(cloud)
