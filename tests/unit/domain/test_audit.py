from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from rights.domain.audit import START, chain_holds, event_hash

texts = st.text(max_size=12)
details = st.dictionaries(texts, texts | st.integers(), max_size=3)
histories = st.lists(st.tuples(texts, details), min_size=1, max_size=6)


def chained(history: list[tuple[str, dict[str, Any]]], first: int = 1) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    previous = START
    for version, (code, detail) in enumerate(history, start=first):
        facts = {"version": version, "code": code, "detail": detail, "previous": previous}
        previous = event_hash(facts)
        events.append(facts | {"hash": previous})
    return events


@given(histories)
def test_a_history_as_it_was_written_holds(history: list[tuple[str, dict[str, Any]]]) -> None:
    events = chained(history)
    assert chain_holds(events, events[-1]["hash"])


def test_a_request_without_events_has_the_head_of_the_beginning() -> None:
    assert chain_holds([], START)


@given(histories, st.data(), texts)
def test_no_event_can_be_changed(history: list[tuple[str, dict[str, Any]]], data: st.DataObject, code: str) -> None:
    events = chained(history)
    place = data.draw(st.integers(0, len(events) - 1))
    assume(code != events[place]["code"])
    head = events[-1]["hash"]
    events[place] = events[place] | {"code": code}
    assert not chain_holds(events, head)
    facts = {name: value for name, value in events[place].items() if name != "hash"}
    events[place] |= {"hash": event_hash(facts)}
    assert not chain_holds(events, head), "not even with a hash to match"


@given(histories, st.data())
def test_no_event_can_be_taken_away(history: list[tuple[str, dict[str, Any]]], data: st.DataObject) -> None:
    events = chained(history)
    head = events[-1]["hash"]
    del events[data.draw(st.integers(0, len(events) - 1))]
    assert not chain_holds(events, head)


@given(histories, st.data())
def test_no_two_events_can_change_places(history: list[tuple[str, dict[str, Any]]], data: st.DataObject) -> None:
    events = chained(history)
    first, second = data.draw(st.integers(0, len(events) - 1)), data.draw(st.integers(0, len(events) - 1))
    assume(first != second)
    head = events[-1]["hash"]
    events[first], events[second] = events[second], events[first]
    assert not chain_holds(events, head)


@given(histories, texts)
def test_no_event_can_be_added_behind_the_head(history: list[tuple[str, dict[str, Any]]], code: str) -> None:
    assert not chain_holds(chained([*history, (code, {})]), chained(history)[-1]["hash"])


@given(histories, st.integers(2, 9))
def test_a_history_that_does_not_begin_with_its_first_event_does_not_hold(
    history: list[tuple[str, dict[str, Any]]], first: int
) -> None:
    events = chained(history, first)
    assert not chain_holds(events, events[-1]["hash"])


@given(details)
def test_the_order_in_which_facts_are_named_does_not_matter(facts: dict[str, Any]) -> None:
    assert event_hash(facts) == event_hash(dict(reversed(facts.items())))


def test_the_hash_of_an_event_is_the_one_that_was_published() -> None:
    facts = {"version": 1, "code": "received", "previous": START, "detail": {"who": "ស្រី"}}
    assert event_hash(facts) == "a72991e4ba77a69a8749787703579d8b94c13153935926cae4082315aa725682"
