from hypothesis import given
from hypothesis import strategies as st

from rights.domain.status import FINAL, OPEN, PROVEN, TRANSITIONS, Status, may_move, public_status

statuses = st.sampled_from(sorted(Status))
PEOPLE_SEE = {
    "received", "identity_needed", "confirm_needed", "in_review", "question", "cooling_off", "in_progress",
    "waiting_for_partner", "extended", "completed", "completed_in_part", "refused", "withdrawn", "expired",
}  # fmt: skip


def reachable(start: Status) -> set[Status]:
    found, todo = {start}, [start]
    while todo:
        for following in TRANSITIONS[todo.pop()] - found:
            found.add(following)
            todo.append(following)
    return found


def test_every_status_says_where_it_may_lead() -> None:
    assert set(TRANSITIONS) == set(Status)


def test_every_status_can_be_reached_from_the_first() -> None:
    assert reachable(Status.RECEIVED) == set(Status)


def test_nothing_leads_back_to_the_beginning() -> None:
    assert not [status for status in Status if may_move(status, Status.RECEIVED)]


@given(statuses)
def test_every_request_can_come_to_an_end(status: Status) -> None:
    assert reachable(status) & FINAL


@given(statuses, statuses)
def test_a_finished_request_stays_as_it_is(final: Status, target: Status) -> None:
    assert not (final in FINAL and may_move(final, target))


@given(statuses)
def test_a_status_is_either_open_or_final(status: Status) -> None:
    assert (status in OPEN) != (status in FINAL)


@given(statuses)
def test_a_change_of_status_changes_it(status: Status) -> None:
    assert not may_move(status, status)


@given(st.lists(statuses, max_size=12))
def test_whatever_is_tried_no_work_begins_before_identity_is_proven(tried: list[Status]) -> None:
    status, proven = Status.RECEIVED, False
    for target in tried:
        if may_move(status, target):
            status = target
            proven = proven or status is Status.VERIFIED
        assert proven or status not in PROVEN


@given(st.lists(statuses, max_size=12))
def test_whatever_is_tried_a_request_whose_work_has_begun_is_never_withdrawn(tried: list[Status]) -> None:
    status, begun = Status.RECEIVED, False
    for target in tried:
        if may_move(status, target):
            status = target
            begun = begun or status is Status.IN_PROGRESS
        assert not (begun and status in {Status.WITHDRAWN, Status.REFUSED, Status.EXPIRED})


def test_only_what_is_proven_lies_between_a_proof_and_an_end() -> None:
    assert reachable(Status.VERIFIED) == PROVEN | {Status.WITHDRAWN, Status.EXPIRED}


def test_what_was_being_repaired_can_only_be_worked_on_again() -> None:
    assert TRANSITIONS[Status.NEEDS_REPAIR] == {Status.IN_PROGRESS}


@given(statuses)
def test_people_see_words_of_the_api_and_never_a_failure(status: Status) -> None:
    assert public_status(status) in PEOPLE_SEE
    assert "repair" not in public_status(status)
    assert "fail" not in public_status(status)


@given(statuses)
def test_an_end_is_called_by_its_name(status: Status) -> None:
    assert status not in FINAL or public_status(status) == status.value
