"""One local cloud for all workflow tests of a session: the real stack, the real handlers, a mall of a few people."""

from collections.abc import Iterator

import pytest

from local.cloud import Cloud, Options, running
from local.journey import Visitor

PEOPLE = 120


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with running(Options(port=0, population=PEOPLE, repair_delay_seconds=2)) as cloud:
        yield cloud


@pytest.fixture
def visitor(cloud: Cloud) -> Iterator[Visitor]:
    visitor = Visitor(cloud.base_url, cloud.mailbox)
    yield visitor
    visitor.close()
