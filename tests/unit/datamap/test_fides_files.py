"""Files written for Fides load as they are, and become stores by adding our keys and nothing else."""

import re
import shutil
from pathlib import Path

import pytest

from rights.datamap.load import load_data_map
from rights.datamap.model import DataMap
from rights.errors import DataMapError
from rights.stores.selection import erasure_order

FILES = Path(__file__).with_name("fides")

STORE = """\
dataset:
- fides_key: bookshop_db
  data_categories: [user.content]
  rights: {kind: postgres, stage: 2, controller: Books, residency: KH, role_arn: "arn:aws:iam::${AccountId}:role/b", secret: s}
  collections:
  - name: readers
    data_categories: [user]
    fidesops_meta: {after: [bookshop_db.shops]}
    rights: {purpose: essential.service, legal_basis: contract}
    fields:
    - name: id
      data_categories: [user.unique_id]
      fidesops_meta: {primary_key: true}
      rights: {key: account_id, identifies: one}
    - name: mail
  - name: shops
    after: [bookshop_db.audits]
    rights: {purpose: essential.service, legal_basis: contract}
    fields:
    - {name: id, fides_meta: {primary_key: true}, rights: {key: account_id, identifies: one}}
  - name: audits
    rights: {purpose: essential.service, legal_basis: contract}
    fields:
    - name: id
      fides_meta: {primary_key: true, references: [{dataset: letters, field: members.merge_fields.ADDRESS.zip}]}
      rights: {key: account_id, identifies: one}
- fides_key: letters
  collections:
  - name: members
    fields: [{name: merge_fields, fields: [{name: ADDRESS, fields: [{name: zip}]}]}]
"""  # noqa: E501 - as people write it


@pytest.fixture(scope="module")
def described() -> DataMap:
    return load_data_map(FILES)


def test_every_dataset_of_every_file_is_read_and_none_is_worked_on(described: DataMap) -> None:
    keys = [dataset.fides_key for dataset in described.described]
    assert (keys, described.stores) == (["bookshop_db", "bookshop_events", "<instance_fides_key>"], ())


def test_hints_are_read_under_their_newer_and_their_older_name(described: DataMap) -> None:
    database, _, letters = described.described
    readers, loans, shops = database.collections
    assert [f.name for f in readers.fields if f.fides_meta.primary_key] == ["id"]
    assert readers.fields[1].fides_meta.identity == "email"
    assert readers.fields[2].fides_meta.data_type == "string[]"
    assert readers.fides_meta.after == ("bookshop_db.shops",)
    assert loans.fides_meta.after == ("bookshop_db.shops",)
    assert loans.fields[1].fides_meta.references[0].place == "bookshop_db.readers.id"
    assert database.fides_meta.after == ("bookshop_events",)
    assert shops.fields[0].name == "7"
    assert letters.collections[0].fields[0].fides_meta.primary_key


def test_fields_are_read_as_deep_as_they_are_nested(described: DataMap) -> None:
    _, events, letters = described.described
    phone = events.collections[0].fields[1].fields[1].fields[0]
    assert (phone.data_categories, phone.fides_meta.references[0].direction) == (("user.contact.phone_number",), "to")
    assert [f.name for f in letters.collections[0].fields[1].walk()] == ["merge_fields", "FNAME", "ADDRESS", "zip"]


def test_a_store_is_a_fides_dataset_with_our_keys_added(tmp_path: Path) -> None:
    (tmp_path / "books.yml").write_text(STORE)
    data_map = load_data_map(tmp_path)
    [store] = data_map.stores
    assert [dataset.fides_key for dataset in data_map.described] == ["letters"]
    assert erasure_order(store) == ["audits", "shops", "readers"]


def test_what_is_said_of_a_dataset_or_a_collection_is_said_of_each_field(tmp_path: Path) -> None:
    (tmp_path / "books.yml").write_text(STORE)
    readers = load_data_map(tmp_path).store("bookshop_db").collection("readers")
    assert readers.field("id").data_categories == ("user.unique_id", "user.content", "user")
    assert readers.field("mail").data_categories == ("user.content", "user")


def test_fides_files_lie_beside_our_own_in_one_folder(tmp_path: Path) -> None:
    shutil.copy(FILES / "letters.yaml", tmp_path)
    (tmp_path / "books.yml").write_text(STORE)
    data_map = load_data_map(tmp_path)
    assert {dataset.fides_key for dataset in data_map.described} == {"letters", "<instance_fides_key>"}
    assert [store.fides_key for store in data_map.stores] == ["bookshop_db"]


@pytest.mark.parametrize("file", sorted(FILES.iterdir()), ids=lambda file: file.name)
def test_what_is_no_dataset_for_fides_is_none_for_us(file: Path, tmp_path: Path) -> None:
    broken = re.sub(r"^( *)- name: (members|readers)$", r"\1- title: \2", file.read_text(), count=1, flags=re.MULTILINE)
    (tmp_path / file.name).write_text(broken)
    line = next(n for n, text in enumerate(broken.splitlines(), 1) if "- title:" in text)
    with pytest.raises(DataMapError, match=rf"{file.name}:{line}: collections\.0\.name: Field required"):
        load_data_map(tmp_path)
