"""One local cloud for all workflow tests of a session: the real stack, the real handlers, a mall of a few people."""

from collections.abc import Callable, Iterator

import pytest

from local.cloud import Cloud, Options, running
from local.journey import Visitor
from local.mall import Person, is_child
from tests.workflow.asking import Public
from tests.workflow.book import Book
from tests.workflow.controls import Operator

PEOPLE = 120


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with running(Options(port=0, population=PEOPLE, repair_delay_seconds=2, cooling_off_seconds=1)) as cloud:
        yield cloud


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


class Crowd:
    """The ordinary adults of the mall, each given out once, so that no test meets what another did."""

    def __init__(self, cloud: Cloud) -> None:
        ordinary = (person for person in cloud.mall.people if not person.special and person.account_id)
        self._left = [person for person in ordinary if not is_child(cloud.mall, person)]

    def someone(self, *collections: str, who: Callable[[Person], bool] = lambda _: True) -> Person:
        """Somebody with an account, a phone, a mail address, and rows in these collections; and of this sort.

        Nobody whose files are looked at before they are handed over, unless `files` are asked for, or `tickets`, with
        which they come.
        """
        for person in self._left:
            if person.rows.get("files") and {"files", "tickets"}.isdisjoint(collections):
                continue
            if person.email and all(person.rows.get(name) for name in collections) and who(person):
                self._left.remove(person)
                return person
        message = f"nobody is left with {collections}"
        raise LookupError(message)


@pytest.fixture(scope="session")
def crowd(cloud: Cloud) -> Crowd:
    return Crowd(cloud)
