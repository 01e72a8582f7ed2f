from datetime import date

import pytest

from rights.domain.acting import (
    RELATIONS,
    ForWhom,
    Relation,
    age_on,
    evidence_needed,
    is_child,
    may_act_as,
    needed_after_all,
    still_missing,
)
from rights.domain.evidence import EvidenceKind
from rights.domain.rights import Requester

CHILD, ADULT = ForWhom.CHILD, ForWhom.ADULT
IDENTITY, RELATION = EvidenceKind.IDENTITY_DOCUMENT, EvidenceKind.RELATION_DOCUMENT
COURT, AUTHORISATION = EvidenceKind.COURT_DOCUMENT, EvidenceKind.AUTHORISATION


def test_parents_guardians_and_whom_a_court_appointed_act_as_guardians() -> None:
    acting = {relation for relation in Relation if may_act_as(Requester.GUARDIAN, relation)}
    assert acting == {Relation.PARENT, Relation.GUARDIAN, Relation.COURT_APPOINTED}


def test_an_agent_acts_by_an_authorisation_only() -> None:
    assert [relation for relation in Relation if may_act_as(Requester.AGENT, relation)] == [Relation.AUTHORISED]


def test_nobody_stands_in_a_relation_to_themselves() -> None:
    assert not [relation for relation in Relation if may_act_as(Requester.SELF, relation)]


@pytest.mark.parametrize("relation", [Relation.PARENT, Relation.GUARDIAN])
def test_a_guardian_of_a_child_shows_who_they_are_and_how_they_are_related(relation: Relation) -> None:
    assert evidence_needed(Requester.GUARDIAN, CHILD, relation) == (IDENTITY, RELATION)


def test_a_court_appointed_guardian_of_a_child_shows_what_the_court_decided() -> None:
    assert evidence_needed(Requester.GUARDIAN, CHILD, Relation.COURT_APPOINTED) == (IDENTITY, COURT)


@pytest.mark.parametrize("relation", sorted(RELATIONS[Requester.GUARDIAN]))
def test_a_guardian_of_an_adult_is_asked_for_a_court_document_and_not_refused(relation: Relation) -> None:
    assert evidence_needed(Requester.GUARDIAN, ADULT, relation) == (IDENTITY, COURT)


@pytest.mark.parametrize("for_whom", ForWhom)
def test_an_agent_shows_who_they_are_and_that_they_are_authorised(for_whom: ForWhom) -> None:
    assert evidence_needed(Requester.AGENT, for_whom, Relation.AUTHORISED) == (IDENTITY, AUTHORISATION)


def test_who_asks_for_themselves_is_asked_for_no_document() -> None:
    assert evidence_needed(Requester.SELF, ADULT, Relation.AUTHORISED) == ()


def test_evidence_is_complete_when_every_document_that_was_asked_for_has_come() -> None:
    assert still_missing((IDENTITY, COURT), [IDENTITY, RELATION]) == (COURT,)
    assert still_missing((IDENTITY, COURT), list(EvidenceKind)) == ()
    assert still_missing((), []) == ()


def test_what_is_missing_is_told_in_the_order_in_which_it_was_asked_for() -> None:
    assert still_missing((IDENTITY, COURT), []) == (IDENTITY, COURT)
    assert still_missing((IDENTITY, COURT), [IDENTITY]) == (COURT,)


def test_a_child_who_is_an_adult_by_the_data_needs_a_court_document_after_all() -> None:
    assert needed_after_all(Requester.GUARDIAN, CHILD, subject_is_child=False) is COURT


@pytest.mark.parametrize(
    ("requester", "for_whom", "subject_is_child"),
    [
        (Requester.GUARDIAN, CHILD, True),
        (Requester.GUARDIAN, ADULT, False),
        (Requester.GUARDIAN, ADULT, True),
        (Requester.GUARDIAN, CHILD, None),
        (Requester.AGENT, CHILD, False),
    ],
)
def test_nothing_more_is_needed_where_data_and_word_agree_or_no_age_is_known(
    requester: Requester, for_whom: ForWhom, subject_is_child: bool | None
) -> None:
    assert needed_after_all(requester, for_whom, subject_is_child=subject_is_child) is None


@pytest.mark.parametrize(
    ("today", "age"),
    [(date(2026, 11, 21), 13), (date(2026, 11, 22), 14), (date(2026, 11, 23), 14), (date(2026, 12, 1), 14)],
)
def test_one_is_a_year_older_from_the_birthday_on(today: date, age: int) -> None:
    assert age_on(date(2012, 11, 22), today) == age


@pytest.mark.parametrize(("today", "child"), [(date(2027, 11, 21), True), (date(2027, 11, 22), False)])
def test_a_child_is_one_until_the_day_before_the_fifteenth_birthday(today: date, child: bool) -> None:
    assert is_child(date(2012, 11, 22), today) is child


@pytest.mark.parametrize(("today", "age"), [(date(2027, 2, 28), 14), (date(2027, 3, 1), 15), (date(2028, 2, 29), 16)])
def test_who_was_born_on_a_leap_day_is_older_on_the_first_of_march_or_the_next_leap_day(today: date, age: int) -> None:
    assert age_on(date(2012, 2, 29), today) == age
    assert is_child(date(2012, 2, 29), today) is (age < 15)
