from hypothesis import given
from hypothesis import strategies as st

from rights.domain.identity import Identifier, KeySet, Kind

identifiers = st.builds(Identifier, st.sampled_from(sorted(Kind)), st.text(min_size=1, max_size=6))
key_sets = st.frozensets(identifiers, max_size=6).map(KeySet)


@given(key_sets)
def test_a_key_set_survives_being_written_down(keys: KeySet) -> None:
    assert KeySet.from_mapping(keys.to_mapping()) == keys


@given(key_sets)
def test_a_key_set_is_written_down_the_same_way_each_time(keys: KeySet) -> None:
    again = KeySet.of(sorted(keys.values, reverse=True))
    assert list(again.to_mapping().items()) == list(keys.to_mapping().items())
    assert all(values == sorted(values) for values in keys.to_mapping().values())


@given(key_sets, key_sets, key_sets)
def test_key_sets_only_grow_and_in_any_order(one: KeySet, two: KeySet, three: KeySet) -> None:
    assert (one | two) | three == three | (two | one)
    assert one | one == one
    assert one.values <= (one | two).values


@given(key_sets)
def test_every_identifier_is_found_under_its_kind(keys: KeySet) -> None:
    assert {Identifier(kind, value) for kind in Kind for value in keys.of_kind(kind)} == keys.values
    assert keys.accounts == keys.of_kind(Kind.ACCOUNT)


@given(key_sets)
def test_who_has_no_account_is_a_consignee_at_most(keys: KeySet) -> None:
    assert keys.is_consignee_only == (not any(i.kind is Kind.ACCOUNT for i in keys.values))


def test_the_same_value_of_two_kinds_is_two_identifiers() -> None:
    keys = KeySet.of([Identifier(Kind.PHONE, "1"), Identifier(Kind.ACCOUNT, "1")])
    assert keys.to_mapping() == {"account_id": ["1"], "phone": ["1"]}
