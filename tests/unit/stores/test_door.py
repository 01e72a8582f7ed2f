import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rights.datamap import load_data_map
from rights.errors import DataMapError
from rights.stores import door
from tests.unit.stores.fakes import FakeStore

ROOT = Path(__file__).parents[3]
EVENTS = sorted((ROOT / "events").glob("store_*.json"))


class OpenSealer:
    """Seals nothing, but holds each value to its request."""

    def seal(self, request_id: str, data: Any) -> bytes:
        return json.dumps([request_id, data]).encode()

    def open(self, request_id: str, sealed: bytes) -> Any:
        of, data = json.loads(sealed)
        assert of == request_id
        return data


def ask(what: str, given: dict[str, Any]) -> Any:
    sealed = base64.b64encode(OpenSealer().seal("R1", given)).decode()
    question = door.Question.model_validate({"request_id": "R1", "store": "shop", "ask": what, "sealed": sealed})
    store = FakeStore({"items": {"i1": "erase"}})  # type: ignore[dict-item]
    reply = door.answer(question, store, OpenSealer())  # type: ignore[arg-type]
    assert set(reply) == {"sealed"}
    return OpenSealer().open("R1", base64.b64decode(reply["sealed"]))


def test_the_answer_to_a_question_travels_sealed() -> None:
    keys = {"account_id": ["acc-1"]}
    assert ask("recognise", {"kind": "phone", "value": "known"}) == {"known": True}
    assert ask("recognise", {"kind": "phone", "value": "unknown"}) == {"known": False}
    assert ask("locate", {"keys": keys}) == {"keys": keys}
    assert ask("count", {"keys": keys}) == {"counts": {"items": 1}}
    assert ask("count", {"keys": keys, "collections": ["other"]}) == {"counts": {}}
    assert ask("seen", {"keys": keys, "subjects": ["name"]}) == {"seen": []}
    assert ask("facts", {"keys": keys}) == {"facts": []}
    rows = {"collection": "items", "rows": [{"row": "i1"}], "today": "2030-01-02"}
    planned = {"next": None, "rows": [[["row"], [["i1"]], "erase"]]}
    assert ask("expire", {"keys": keys, "erase": [], **rows}) == {"page": planned}
    assert ask("expire", {"keys": keys, "erase": rows["rows"], **rows}) == {"page": planned | {"rows": []}}


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_the_sample_events_are_understood(path: Path) -> None:
    event = door.parse(json.loads(path.read_text()))
    kind = path.stem.split("_")[1]
    assert load_data_map().store(event.store).rights.kind == kind


def test_every_kind_of_store_has_a_sample_of_every_sort_of_event() -> None:
    kinds = ("dynamodb", "postgres", "objects", "lake", "cognito", "partner", "ledger")
    wanted = {f"store_{kind}_{event}" for kind in kinds for event in ("work", "read_back", "ask")}
    assert {path.stem for path in EVENTS} == wanted


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"request_id": "R1", "run": 1, "store": "orders", "step": "erase"},
        {"request_id": "R1", "run": 1, "store": "orders", "step": "work", "more": 1},
        {"request_id": "R1", "store": "orders", "ask": "everything", "sealed": ""},
        {"request_id": "R1", "store": "orders", "ask": "locate", "sealed": "", "step": "work"},
    ],
)
def test_an_event_of_any_other_shape_is_refused_without_an_echo(event: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        door.parse(event)
    assert "R1" not in str(refused.value)


def test_a_store_may_have_tasks_of_several_names() -> None:
    assert door.store_of("login.freeze", "cognito").fides_key == "login"


@pytest.mark.parametrize(("name", "kind"), [("nowhere", "postgres"), ("orders", "dynamodb")])
def test_a_store_of_another_kind_is_refused(name: str, kind: str) -> None:
    with pytest.raises(DataMapError):
        door.store_of(name, kind)


@pytest.mark.parametrize(
    ("kind", "foreign"),
    [
        ("dynamodb", {"psycopg", "rights.stores.objects", "rights.stores.postgres"}),
        ("postgres", {"rights.stores.objects", "rights.stores.dynamodb"}),
        ("objects", {"psycopg", "rights.stores.dynamodb", "rights.stores.postgres"}),
    ],
)
def test_a_connector_function_imports_its_own_connector_only(kind: str, foreign: set[str]) -> None:
    program = f"import sys, store_{kind}.app; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT / "functions"
    )
    assert not foreign & set(done.stdout.split())
