"""The definitions as graphs: cfn-lint reads parts of them, the local cloud accepts too much of them."""

import re
from itertools import pairwise
from typing import Any

import pytest

from tests.support.machine import Scope, expressions, scopes, states, variables
from tests.support.template import state_machines

TASKS = states("Task")
IN_A_BRANCH = {"WorkStore", "ReadBack", "AwaitStore"}
"""What comes back to a branch that knows its store, its connector and its loops."""
ENDS = {"Succeed", "Fail"}
CALL = "arn:aws:states:::lambda:invoke"
WAIT = f"{CALL}.waitForTaskToken"
IDS = [scope.name for scope in scopes()]

every_machine = pytest.mark.parametrize("machine", state_machines())
every_scope = pytest.mark.parametrize("scope", scopes(), ids=IDS)
every_state = pytest.mark.parametrize("name", sorted(states()))
every_task = pytest.mark.parametrize("name", sorted(TASKS))


def tasks_of(machine: str) -> list[dict[str, Any]]:
    """The Tasks of a machine, in whatever scope."""

    def within(level: dict[str, Any]) -> list[dict[str, Any]]:
        inner = [task for s in level["States"].values() if "ItemProcessor" in s for task in within(s["ItemProcessor"])]
        return [s for s in level["States"].values() if s["Type"] == "Task"] + inner

    return within(state_machines()[machine])


def ends(state: dict[str, Any]) -> bool:
    return state["Type"] in ENDS or state.get("End", False)


@every_scope
def test_every_way_leads_to_a_state_of_the_same_scope(scope: Scope) -> None:
    assert scope.start in scope.states
    for name in scope.states:
        assert {edge.target for edge in scope.edges(name)} <= set(scope.states), name


@every_scope
def test_every_state_can_be_reached(scope: Scope) -> None:
    assert scope.reachable(scope.start) == set(scope.states)


@every_scope
def test_every_state_can_come_to_an_end(scope: Scope) -> None:
    for name in scope.states:
        assert any(ends(scope.states[reached]) for reached in scope.reachable(name)), name


@every_state
def test_a_state_either_ends_or_goes_on(name: str) -> None:
    state = states()[name]
    goes_on = "Next" in state or state["Type"] == "Choice"
    assert ends(state) != goes_on
    if state["Type"] == "Choice":
        assert "Default" in state, "an input nobody thought of fails the run"


def test_no_two_states_have_the_same_name_in_any_scope() -> None:
    names = [name for scope in scopes() for name in scope.states]
    assert len(names) == len(set(names))


@every_state
def test_a_state_is_named_like_an_order_and_says_what_for(name: str) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+)+", name)
    assert states()[name].get("Comment", "").endswith(".")


@every_task
def test_a_task_has_an_end_a_second_try_and_a_way_out(name: str) -> None:
    task = TASKS[name]
    assert task["TimeoutSeconds"]
    assert task["Resource"] == (WAIT if "task_token" in task["Arguments"]["Payload"] else CALL)
    assert task["Retry"]
    assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


@every_task
def test_what_follows_a_task_sees_the_answer_and_not_the_envelope(name: str) -> None:
    [output] = expressions(TASKS[name]["Output"])
    if name in IN_A_BRANCH:
        # What the branch knows goes on beside the answer, or, where it only waited, by itself.
        beside = "$merge([$states.input, $states.result.Payload, {'loops': $states.input.loops + 1}])"
        assert output == ("$states.input" if TASKS[name]["Resource"] == WAIT else beside)
    else:
        assert output == ("$states.result" if TASKS[name]["Resource"] == WAIT else "$states.result.Payload")


@every_machine
def test_the_machine_itself_has_an_end(machine: str) -> None:
    assert state_machines()[machine]["TimeoutSeconds"] >= max(
        int(task["TimeoutSeconds"]) for task in tasks_of(machine) if isinstance(task["TimeoutSeconds"], int)
    )


def test_all_tasks_try_again_alike() -> None:
    [first, *others] = [task["Retry"] for task in TASKS.values()]
    assert all(other == first for other in others)
    [block] = first
    assert block["JitterStrategy"] == "FULL"
    assert block["MaxDelaySeconds"]
    assert block["BackoffRate"] > 1


def test_an_expression_that_fails_is_not_tried_again() -> None:
    retried = {name for s in states().values() for block in s.get("Retry", ()) for name in block["ErrorEquals"]}
    assert not retried & {"States.QueryEvaluationError", "States.ALL", "States.TaskFailed"}


def test_only_what_jsonata_of_step_functions_knows_is_used() -> None:
    assert {machine["QueryLanguage"] for machine in state_machines().values()} == {"JSONata"}
    for name, state in states().items():
        assert not {"InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector"} & set(state), name
        for text in expressions(state):
            assert "$eval" not in text, name
            assert "?:" not in text, name
            assert "??" not in text, name


def test_no_expression_hides_inside_a_text() -> None:
    def texts(part: Any) -> list[str]:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        return [part] if isinstance(part, str) else [text for each in inner for text in texts(each)]

    for text in texts(list(state_machines().values())):
        assert "{%" not in text or re.fullmatch(r"\{% .* %\}", text, re.DOTALL), text


@every_state
def test_a_state_reads_no_variable_that_it_assigns(name: str) -> None:
    # On AWS `Output` and the other assignments see the value from before; the local cloud lets them see the new one.
    state = states()[name]
    for part in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        assigned = part.get("Assign", {})
        assert not variables(part.get("Output")) & set(assigned)
        for variable, value in assigned.items():
            assert not variables(value) & (set(assigned) - {variable})


def known_at(scope: Scope, from_outside: frozenset[str]) -> dict[str, frozenset[str]]:
    """The variables that are assigned on every way to each state."""
    known: dict[str, frozenset[str]] = {scope.start: from_outside}
    changed = True
    while changed:
        changed = False
        for name in [n for n in scope.states if n in known]:
            for edge in scope.edges(name):
                arriving = known[name] | edge.assigned
                before = known.get(edge.target)
                after = arriving if before is None else before & arriving
                if after != before:
                    known[edge.target] = after
                    changed = True
    return known


@every_scope
def test_every_variable_is_assigned_on_every_way_to_where_it_is_read(scope: Scope) -> None:
    outside: frozenset[str] = frozenset()
    for outer, inner in pairwise((*scope.outer, scope)):
        outside = known_at(outer, outside)[inner.name]
    for name, known in known_at(scope, outside).items():
        assert variables(scope.states[name]) <= known, name


@every_scope
def test_no_inner_variable_takes_the_name_of_an_outer_one(scope: Scope) -> None:
    def assigned(of: Scope) -> set[str]:
        return {name for state in of.states for edge in of.edges(state) for name in edge.assigned}

    for outer in scope.outer:
        assert not assigned(scope) & assigned(outer)


@every_scope
def test_every_loop_is_counted_and_ends_by_its_count(scope: Scope) -> None:
    # 25,000 events is all that a history holds.
    for loop in scope.cycles():
        counted = {f"${n}" for s in loop for n, v in scope.states[s].get("Assign", {}).items() if f"${n} + 1" in str(v)}
        outputs = "".join(str(scope.states[name].get("Output")) for name in loop)
        counted |= {f"$states.input.{n}" for n in re.findall(r"'(\w+)': \$states\.input\.\1 \+ 1\b", outputs)}
        conditions = [
            edge.condition
            for place, name in enumerate(loop)
            for edge in scope.edges(name)
            if edge.condition and edge.target == loop[(place + 1) % len(loop)]
        ]
        assert any(f"{number} <" in condition for number in counted for condition in conditions), loop


def test_no_machine_ever_polls() -> None:
    assert not states("Wait")
