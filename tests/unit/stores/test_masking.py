"""What stands for a hashed value: told apart from any other, the same within one write, no use to who guesses."""

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.datamap import Collection
from rights.datamap.check_fields import HASHED_LENGTH
from rights.datamap.model import Field
from rights.domain.work import Disposition
from rights.stores.masking import hmac_pads, is_masked, leaves, masked, new_key, pattern
from rights.stores.rules import Judgement, is_settled, judge
from tests.unit.stores.maps import collection, field, one

KEY = b"k" * 32
SETTLING = Judgement(Disposition.ANONYMISE)


def ruled(how: str) -> Field:
    return Field.model_validate(field("f", {"on_deletion": how} | ({"constant": "-"} if how == "constant" else {})))


values = st.none() | st.text(max_size=20) | st.lists(st.none() | st.text(max_size=5), max_size=4)
hows = st.sampled_from(["keep", "null", "constant", "hash", "keyed_hash"])


@given(hows, values, st.binary(min_size=32, max_size=32))
def test_what_was_masked_is_masked_whoever_looks_and_stays_as_it_is(how: str, value: Any, other: bytes) -> None:
    once = masked(ruled(how), value, KEY)
    assert is_masked(ruled(how), once)
    assert masked(ruled(how), once, other) == once or how == "null"


@given(st.text(max_size=30))
def test_a_hash_is_text_of_one_length_that_hides_the_value(value: str) -> None:
    for how, digest in (
        ("hash", hashlib.sha256(value.encode())),
        ("keyed_hash", hmac.new(KEY, value.encode(), hashlib.sha256)),
    ):
        made = masked(ruled(how), value, KEY)
        assert len(made) == HASHED_LENGTH
        assert made.endswith(digest.hexdigest()[:32])
        assert not is_masked(ruled(how), value)


def test_the_same_value_gives_the_same_word_within_a_write_and_another_in_the_next() -> None:
    phone = "+85512345678"
    one_write, next_write = new_key(), new_key()
    assert masked(ruled("keyed_hash"), phone, one_write) == masked(ruled("keyed_hash"), phone, one_write)
    assert masked(ruled("keyed_hash"), phone, one_write) != masked(ruled("keyed_hash"), phone, next_write)


def test_a_stricter_rule_hashes_again_what_only_a_plain_hash_hides() -> None:
    plain, keyed = (masked(ruled(how), "x", KEY) for how in ("hash", "keyed_hash"))
    assert not is_masked(ruled("keyed_hash"), plain)
    assert is_masked(ruled("hash"), keyed)
    assert pattern("keyed_hash") == "^anon-k-[0-9a-f]{32}$"


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80))
def test_the_two_pads_make_an_hmac_of_sha_256(key: bytes, text: bytes) -> None:
    inner, outer = hmac_pads(key)
    made = hashlib.sha256(outer + hashlib.sha256(inner + text).digest()).hexdigest()
    assert made == hmac.new(key, text, hashlib.sha256).hexdigest()


def deep(name: str, kind: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "data_categories": ["user"], "fides_meta": {"data_type": kind}, "fields": list(fields)}


VISITS: Collection = one(
    collection(
        "visits",
        field("id", primary_key=True),
        field("phone", {"on_deletion": "keyed_hash"}),
        field("name", {"on_deletion": "constant", "constant": "-"}),
        deep(
            "people",
            "object[]",
            field("phone", {"on_deletion": "keyed_hash"}),
            deep("home", "object", field("street", {"on_deletion": "null"}), field("city")),
        ),
        on_deletion="anonymise",
    )
)
homes = st.fixed_dictionaries({}, optional={"street": st.text(max_size=2), "city": st.just("PP")})
people = st.fixed_dictionaries({}, optional={"phone": st.text(max_size=3), "home": homes})
rows = st.fixed_dictionaries(
    {"id": st.just("1")},
    optional={"phone": st.none() | st.text(max_size=3), "name": st.text(max_size=2), "more": st.just(1),
              "people": st.lists(people | st.just("text"), max_size=3)},
)  # fmt: skip


@given(rows)
def test_the_leaves_of_a_row_are_just_what_keeps_it_from_being_settled(row: dict[str, Any]) -> None:
    row |= {"name": "-"}
    assert is_settled(VISITS, row, SETTLING) == (list(leaves(VISITS, row)) == [])
    for leaf in leaves(VISITS, row):
        found: Any = row
        for step in leaf.path:
            found = found[step]
        assert found == leaf.value


@pytest.mark.parametrize(("today", "kept"), [("2026-06-30", True), ("2026-07-01", False)])
def test_a_term_that_is_reviewed_keeps_a_record_up_to_that_day_and_no_longer(today: str, kept: bool) -> None:
    term = {"review": "2026-06-30", "ground": 11, "reason": "law", "source": "law"}
    judgement = judge(one(collection("books", field("id", primary_key=True), retention=term)), {"id": "1"}, today)
    assert (judgement.disposition is Disposition.RETAIN) == kept
    assert judgement.kept is None or judgement.kept.until == "2026-06-30"
