"""What a map says of scopes, corrections and flags is refused with file, line and reason where it could not be done."""

from pathlib import Path

import pytest

from rights.datamap.load import load_data_map
from rights.errors import DataMapError

SHOP = """\
dataset:
  - fides_key: shop
    name: Shop
    rights:
      kind: dynamodb
      stage: 2
      controller: Shop
      residency: KH
      role_arn: arn:aws:iam::${AccountId}:role/shop
    collections:
      - name: notes
        rights:
          purpose: p
          legal_basis: contract
          scope: true
          dynamodb: [{table: things, query_by: owner, item_prefix: "NOTE#"}]
        fields: &fields
          - name: owner
            data_categories: [user]
            fides_meta: {primary_key: true}
            rights: {key: account_id, identifies: one}
          - {name: item, data_categories: [user], fides_meta: {primary_key: true}}
          - {name: granted, data_categories: [user], rights: {correction: name}}
          - {name: at, data_categories: [user]}
      - name: consents
        rights:
          purpose: p
          legal_basis: contract
          dynamodb: [{table: things, query_by: owner, item_prefix: "CONSENT#"}]
          flags:
            - {purposes: [marketing, all], row: CONSENT#m, set: {granted: false}, stamp: at}
        fields: *fields
"""


def write(folder: Path, text: str, name: str = "shop.yaml") -> Path:
    (folder / name).write_text(text)
    return folder


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


def test_the_map_these_tests_spoil_is_a_good_one(tmp_path: Path) -> None:
    shop = load_data_map(write(tmp_path, SHOP)).store("shop")
    assert [flag.row for flag in shop.collection("consents").rights.flags_for(["all"])] == ["CONSENT#m"]
    assert shop.collection("consents").rights.flags_for(["location"]) == ()
    assert [field.name for field in shop.collection("notes").fields_about(["name"])] == ["granted"]


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        ("purposes: [marketing, all], ", "", "without `purposes`"),
        ("purposes: [marketing, all]", "purposes: []", "without `purposes`"),
        ("purposes: [marketing, all]", "purposes: [spam]", "purposes"),
        ("set: {granted: false}", "set: {}", "sets something"),
        ("set: {granted: false}", "set: {given: false}", "no field has the name"),
        ("stamp: at", "stamp: when", "no field has the name"),
        ("set: {granted: false}", "set: {item: x}", "primary key"),
        ("row: CONSENT#m", "row: NOTE#m", "sort key of an item of this collection"),
        ("correction: name", "correction: shoe_size", "correction"),
        ("{name: granted, data_categories: [user], rights: {correction: name}}",
         "{name: granted, data_categories: [user], fides_meta: {primary_key: true}, rights: {correction: name}}",
         "primary key"),
        ('item_prefix: "CONSENT#"', 'item_prefix: "NOTE#old"', "two collections of this table"),
        (', item_prefix: "CONSENT#"', "", "two collections of this table"),
        ("name: notes", "name: shop", "a scope has this name already"),
    ],
)  # fmt: skip
def test_what_could_not_be_carried_out_is_refused(tmp_path: Path, good: str, bad: str, reason: str) -> None:
    with pytest.raises(DataMapError, match=rf"shop\.yaml:\d+: .*{reason}"):
        load_data_map(write(tmp_path, SHOP.replace(good, bad)))


def test_a_refused_flag_is_named_by_its_line(tmp_path: Path) -> None:
    text = SHOP.replace("purposes: [marketing, all], ", "")
    with pytest.raises(DataMapError, match=f"shop.yaml:{line_of(text, '- {row: CONSENT#m')}: a flag"):
        load_data_map(write(tmp_path, text))


def test_a_prefix_without_a_sort_key_is_refused(tmp_path: Path) -> None:
    text = SHOP.replace("{name: item, data_categories: [user], fides_meta: {primary_key: true}}",
                        "{name: item, data_categories: [user]}")  # fmt: skip
    with pytest.raises(DataMapError, match="primary key has two fields"):
        load_data_map(write(tmp_path, text))


def test_files_carry_no_flags_and_take_no_corrections(tmp_path: Path) -> None:
    files = SHOP.replace("kind: dynamodb", "kind: objects").replace(
        "legal_basis: contract", "legal_basis: contract\n          objects: {bucket: b, prefix: 'a/{account_id}/'}"
    )
    with pytest.raises(DataMapError, match="nothing can be corrected"):
        load_data_map(write(tmp_path, files))
    with pytest.raises(DataMapError, match="carries no flags"):
        load_data_map(write(tmp_path, files.replace(", rights: {correction: name}", "")))


def test_two_categories_of_one_name_are_refused_in_the_second_file(tmp_path: Path) -> None:
    write(tmp_path, SHOP)
    twin = SHOP.replace("fides_key: shop", "fides_key: twin")
    with pytest.raises(DataMapError, match=f"twin.yaml:{line_of(twin, 'name: notes')}: a scope has this name"):
        load_data_map(write(tmp_path, twin, "twin.yaml"))
    named_like_it = twin.replace("fides_key: twin", "fides_key: notes").replace("scope: true", "scope: false")
    with pytest.raises(DataMapError, match=r"twin\.yaml:2: a category of another store"):
        load_data_map(write(tmp_path, named_like_it, "twin.yaml"))
