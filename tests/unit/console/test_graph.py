"""The graph that the console draws is that of the definition that is deployed."""

from local.machine_graph import GRAPH, graph_of, text
from operator_api.console.words import STATE
from operator_api.journey import graph
from tests.support.template import state_machines


def test_the_graph_in_the_artefact_is_that_of_the_definition() -> None:
    assert GRAPH.read_text("utf-8") == text(), "run `make graph`"


def test_every_step_of_the_definition_is_drawn_once_but_for_what_only_ends_a_wait() -> None:
    states = state_machines()["rights_request"]["States"]
    steps = {name for name, state in states.items() if state["Type"] in {"Task", "Map"}}
    assert sorted(graph().order) == sorted(steps - {"SettleIdentity"})


def test_what_comes_back_is_drawn_beside_where_it_comes_from() -> None:
    assert graph().detours == {
        "Confirm": "PlanRequest",
        "Review": "PlanRequest",
        "AwaitAccess": "BeginWork",
        "Repair": "FulfilStores",
    }
    assert list(graph().edges) == [("PlanRequest", "BeginWork")]


def test_every_place_has_words_and_a_comment() -> None:
    assert set(graph().order) == set(STATE) == set(graph().comments)


def test_a_state_added_to_the_definition_changes_the_graph() -> None:
    machine = {
        "StartAt": "First",
        "States": {
            "First": {"Type": "Task", "Comment": "a", "Next": "Ask"},
            "Ask": {"Type": "Choice", "Choices": [{"Next": "Aside"}], "Default": "Last"},
            "Aside": {"Type": "Task", "Comment": "b", "Resource": "x.waitForTaskToken", "Next": "First"},
            "Last": {"Type": "Map", "Comment": "c", "Catch": [{"Next": "Broken"}], "End": True},
            "Broken": {"Type": "Task", "Comment": "d", "End": True},
        },
    }
    found = graph_of(machine)
    assert found["main"] == ["First", "Last"]
    assert found["detours"] == [{"name": "Aside", "beside": "First"}]
    assert (found["waits"], found["maps"]) == (["Aside"], ["Last"])
