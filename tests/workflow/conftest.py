"""People and operators at the doors of the local cloud, which all tests of a process share (`tests/conftest.py`)."""

from collections.abc import Iterator

import pytest

from local.cloud import Cloud
from local.journey import Visitor
from tests.support.crowd import Crowd
from tests.workflow.asking import Public
from tests.workflow.book import Book
from tests.workflow.controls import Operator

__all__ = ["Crowd"]


@pytest.fixture
def visitor(cloud: Cloud) -> Iterator[Visitor]:
    visitor = Visitor(cloud.base_url, cloud.mailbox)
    yield visitor
    visitor.close()


@pytest.fixture(scope="session")
def book(cloud: Cloud) -> Book:
    return Book(cloud)


@pytest.fixture(scope="session")
def public(cloud: Cloud) -> Iterator[Public]:
    public = Public(cloud)
    yield public
    public.http.close()


@pytest.fixture(scope="session")
def operator(cloud: Cloud) -> Iterator[Operator]:
    operator = Operator(cloud, "olivia", "operator")
    yield operator
    operator.http.close()


@pytest.fixture(scope="session")
def approver(cloud: Cloud) -> Iterator[Operator]:
    """Another operator, who may use the gravest grounds and completes a double approval."""
    approver = Operator(cloud, "anna", "operator", "approver")
    yield approver
    approver.http.close()


@pytest.fixture(scope="session")
def viewer(cloud: Cloud) -> Iterator[Operator]:
    """Somebody who may look."""
    viewer = Operator(cloud, "vera", "viewer")
    yield viewer
    viewer.http.close()
