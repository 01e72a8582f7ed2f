"""What docs/rights.md says is what the code does: its sections, the functions it names, its tables of numbers."""

import importlib
import re
from functools import reduce
from types import ModuleType
from typing import Any

import pytest

from rights.domain.clock.table import POLICY
from rights.domain.grounds import GROUNDS, POLICY_JURISDICTION, User, may_refuse
from rights.domain.notices import NOTICES
from rights.domain.review import Reason
from rights.domain.rights import Purpose, Right
from tests.support.template import ROOT

TEXT = (ROOT / "docs" / "rights.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:rights|(?:public|operator|gateway)_api)(?:\.\w+)+)`", TEXT)))
PEOPLE = frozenset({User.OPERATOR, User.APPROVER})


def nearest_module(name: str) -> tuple[ModuleType, list[str]]:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        try:
            return importlib.import_module(module), parts[length:]
        except ModuleNotFoundError as error:
            if not f"{module}.".startswith(f"{error.name}."):
                raise
    pytest.fail(f"no module of {name}")


def section(heading: str) -> str:
    return TEXT.partition(f"\n{heading}\n")[2].partition("\n##")[0]


def row(text: str, first: str) -> list[str]:
    found = re.findall(rf"^\| {first} \|(.*)\|$", text, re.MULTILINE)
    assert len(found) == 1, f"one row for {first}"
    return [cell.strip() for cell in found[0].split("|")]


@pytest.mark.parametrize("right", Right)
def test_every_right_has_its_section_and_its_line_at_a_glance(right: Right) -> None:
    assert len(section(f"### `{right}`")) > 100
    assert row(section("## At a glance"), right)


@pytest.mark.parametrize("name", NAMED)
def test_what_the_document_names_exists(name: str) -> None:
    module, rest = nearest_module(name)
    found: Any = reduce(getattr, rest, module)
    assert found is not None


@pytest.mark.parametrize("rule", POLICY, ids=lambda rule: rule.id)
def test_the_days_of_the_policy_are_those_of_its_rule(rule: Any) -> None:
    days, buffer, _ = row(section("## The clock"), rule.rights[0])
    assert (int(days), int(buffer)) == (rule.respond.amount, rule.buffer)


@pytest.mark.parametrize("right", Right)
def test_the_grounds_of_a_refusal_are_those_of_the_register(right: Right) -> None:
    cell = row(section("## Grounds"), right)[0]
    told, _, never = cell.partition(";")

    def allowed(purposes: tuple[str, ...]) -> set[int]:
        numbers = (ground.number for ground in GROUNDS)
        return {n for n in numbers if may_refuse(n, right, POLICY_JURISDICTION, by=PEOPLE, purposes=purposes)}

    assert {int(number) for number in re.findall(r"\d+", told)} == allowed((Purpose.LOCATION,))
    assert {int(number) for number in re.findall(r"\d+", never)} == allowed((Purpose.LOCATION,)) - allowed(())


@pytest.mark.parametrize("word", [*Reason, *NOTICES, *Purpose])
def test_every_reason_of_a_review_every_notice_and_every_purpose_is_told(word: str) -> None:
    assert f"`{word}`" in TEXT


def test_its_own_links_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= anchors
