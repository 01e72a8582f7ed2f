"""docs/affiliates.md tells what the door does; its example is read by the door, its client convinces the authoriser."""

import base64
import hashlib
import re
import runpy
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from affiliate_api.models import TYPE_OF_RIGHT, Extension
from affiliate_api.problems import PROBLEMS
from affiliate_api.reading import MAX_BODY, read
from authorize_affiliate.judging import Judge
from authorize_affiliate.keys import Key
from rights.affiliates.registry import Affiliate, load_registry
from rights.domain.affiliates import CALLBACK_TRIES, Stand
from rights.domain.rights import Locale, Purpose
from tests.support.template import ROOT

TEXT = (ROOT / "docs" / "affiliates.md").read_text("utf-8")
CLIENT = runpy.run_path(str(ROOT / "docs" / "affiliate_client.py"))
KEY = Ed25519PrivateKey.generate()
WORDS = [*PROBLEMS, *Extension.model_fields, *Affiliate.model_fields, *Stand, *Purpose, *Locale]


class OneKey:
    """The one registered key, and nonces nobody used."""

    def find(self, affiliate: str, name: str) -> Key | None:
        return Key("ed25519", KEY.public_key()) if (affiliate, name) == ("cpes", "2026-11") else None

    def used_first(self, *_: object) -> bool:
        return True


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_protocol_is_told(word: str) -> None:
    assert f"`{word}`" in TEXT


def test_every_right_that_needs_the_extension_is_told() -> None:
    assert all(f"`{right}`" in TEXT for right in TYPE_OF_RIGHT if right not in {"access", "portability", "deletion"})


def test_the_example_is_a_request_that_the_door_reads() -> None:
    [example] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    raw = example.encode()
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
    fields = {"content-type": "application/json", "content-digest": f"sha-256=:{digest}:"}
    asked = read(raw, fields, "rights.mall.example")
    assert (asked.jurisdiction, asked.extension.language) == ("KH", Locale.KM)


@pytest.mark.parametrize(("method", "body"), [("POST", b"{}"), ("GET", b""), ("DELETE", b"")])
def test_the_documented_client_convinces_the_authoriser(method: str, body: bytes) -> None:
    url = "https://rights.mall.example/prod/opendsr/v2/requests"
    headers = CLIENT["signed"](method, url, body, "cpes/2026-11", KEY)
    event: dict[str, Any] = {
        "httpMethod": method,
        "path": "/opendsr/v2/requests",
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }
    one = OneKey()
    judge = Judge(load_registry(), one, one, "https://rights.mall.example/prod", lambda: datetime.now(UTC))
    assert judge.judge(event).reason is None


def test_the_numbers_are_those_of_the_code() -> None:
    assert CALLBACK_TRIES == 16
    assert "sixteen" in TEXT
    assert f"{MAX_BODY // 1024} KB" in TEXT
