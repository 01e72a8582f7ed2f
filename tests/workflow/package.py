"""A downloaded package, taken apart without any code of the product."""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from local.mall import NOT_OF_THE_MALL, Mall, Person
from tests.workflow.asking import Asking

MASK = "***"


@dataclass(frozen=True)
class Package:
    """The ZIP that a person got."""

    content: bytes

    @cached_property
    def entries(self) -> dict[str, bytes]:
        """File name to bytes."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest."""
        read: dict[str, Any] = json.loads(self.entries["manifest.json"])
        return read

    def hashes_without_manifest(self) -> dict[str, str]:
        """File name to SHA-256."""
        return {n: hashlib.sha256(c).hexdigest() for n, c in self.entries.items() if n != "manifest.json"}

    @cached_property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        """`store/collection` to records, for the stores of the mall."""
        top = [name for name in self.entries if name.startswith("data/") and name.count("/") == 2]
        names = [name for name in top if name.endswith(".json")]
        names = [name for name in names if name.split("/")[1] not in NOT_OF_THE_MALL]
        return {name.removeprefix("data/").removesuffix(".json"): json.loads(self.entries[name]) for name in names}

    @property
    def files(self) -> list[bytes]:
        """What the mall kept as files: recordings, chats, evidence."""
        named = [name for name in self.entries if "/files/" in name and name.count("/") > 2]
        return [self.entries[name] for name in named if name.split("/")[1] not in NOT_OF_THE_MALL]

    @cached_property
    def text(self) -> str:
        """Everything in it, and every name."""
        return "\n".join(f"{name}\n{content.decode(errors='replace')}" for name, content in self.entries.items())

    def strangers(self, mall: Mall, person: Person) -> list[str]:
        """What it tells of anybody else: phones, mail addresses and account ids."""
        own = {person.phone, person.email, person.account_id}
        words = {
            w for other in mall.people if other is not person for w in (other.phone, other.email, other.account_id)
        }
        return sorted(word for word in words - own if word and word in self.text)


def download(asking: Asking) -> Package:
    """The package as the person gets it: a new code, and a link that is signed at the click."""
    known = set(asking.sent_codes())
    told = asking.call("GET", "/package").json()
    assert (told["ready"], told["code_sent"]) == (True, True)
    reply = asking.call("POST", "/package", json={"code": asking.another_code(known)})
    assert reply.status_code == httpx.codes.OK, reply.text
    file = httpx.get(reply.json()["url"], timeout=120)
    assert file.status_code == httpx.codes.OK
    assert "attachment" in file.headers["Content-Disposition"]
    return Package(file.content)
