"""An access request, from the public form to the file in the person's hands."""

import hashlib
import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from local.cloud import Cloud
from local.mall import Mall, Person, expected_access
from tests.workflow.asking import Asking, counts_of, expected
from tests.workflow.book import Book

MASK = "***"


def download(asking: Asking) -> zipfile.ZipFile:
    """The package, as the person gets it: a new code, a link that is signed at the click."""
    known = set(asking.sent_codes())
    told = asking.call("GET", "/package").json()
    assert told["ready"] is True
    assert told["code_sent"] is True
    code = asking.another_code(known)
    link = asking.call("POST", "/package", json={"code": code}).json()
    file = httpx.get(link["url"], timeout=60)
    assert file.status_code == httpx.codes.OK
    return zipfile.ZipFile(io.BytesIO(file.content))


def records(package: zipfile.ZipFile) -> dict[str, list[dict[str, Any]]]:
    """Store and collection to records."""
    names = [name for name in package.namelist() if name.endswith(".json") and name.count("/") == 2]
    return {name.removeprefix("data/").removesuffix(".json"): json.loads(package.read(name)) for name in names}


def everything_in(package: zipfile.ZipFile) -> bytes:
    return b"\n".join(package.read(name) for name in package.namelist())


def strangers_in(package: zipfile.ZipFile, mall: Mall, person: Person) -> list[str]:
    """What a package tells of anybody else: phones, mails, accounts, and names of three letters or more."""
    text = everything_in(package).decode(errors="replace")
    own = {person.phone, person.email, person.account_id, person.name}
    others = {
        word for other in mall.people if other is not person for word in (other.phone, other.email, other.account_id)
    }
    return sorted(word for word in others - own if word and word in text)


@pytest.fixture(scope="module")
def done(cloud: Cloud) -> Asking:
    """The access request of somebody with something in every store, and an order for a friend."""
    asking = Asking(cloud, "access", phone=cloud.mall.special("run").phone).prove()
    asking.until_told("completed")
    return asking


def test_every_store_hands_over_exactly_what_the_mall_has_of_the_person(done: Asking, cloud: Cloud) -> None:
    shown = done.look()
    assert counts_of(shown["stores"]) == expected(expected_access(cloud.mall, cloud.mall.special("run")))
    assert {store["status"] for store in shown["stores"]} == {"done"}
    assert [notice["kind"] for notice in shown["notices"]][-1] == "completed"
