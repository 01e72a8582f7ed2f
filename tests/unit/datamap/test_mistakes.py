"""Each kind of mistake in a data map is refused, at its file and line, with its reason.

A case takes a piece of a good map for a bad one; `#!` stands in the line that the refusal has to name.
"""

from pathlib import Path

import pytest

from rights.datamap.load import line_of, load_data_map
from rights.errors import DataMapError

SHOP = """\
dataset:
  - fides_key: shop
    name: Shop
    rights:
      kind: postgres
      stage: 3
      controller: Shop
      residency: KH
      role_arn: arn:aws:iam::${AccountId}:role/shop
      secret: shop
    collections:
      - name: lines
        rights: {purpose: p, legal_basis: contract}
        fields:
          - {name: line_id, data_categories: [user], fides_meta: {primary_key: true}}
          - name: order_id
            data_categories: [user]
            fides_meta:
              references:
                - {dataset: shop, field: orders.order_id, direction: from}
      - name: orders
        rights:
          purpose: p
          legal_basis: contract
          on_deletion: anonymise
          retention: {period: P1Y, counted_from: at, ground: 11, reason: law, source: law}
          storage: {period: P2Y, counted_from: at}
        fields:
          - {name: order_id, data_categories: [user], fides_meta: {primary_key: true}}
          - name: account_id
            data_categories: [user.unique_id]
            rights: {key: account_id, identifies: one}
          - name: phone
            data_categories: [user.contact.phone_number]
            fides_meta: {data_type: string}
            rights: {on_deletion: keyed_hash}
          - {name: at, data_categories: [user]}
          - name: extra
            data_categories: [user]
            fields:
              - name: city
              - name: street
"""
PARCELS = """\
dataset:
  - fides_key: parcels
    rights:
      kind: dynamodb
      stage: 4
      controller: Shop
      residency: KH
      role_arn: arn:aws:iam::210987654321:role/parcels
      external_id: shop-1
    fides_meta:
      after: [shop]
    collections:
      - name: parcels
        after: [shop.orders]
        rights:
          purpose: p
          legal_basis: contract
          on_deletion: anonymise
          dynamodb: [{table: parcels, query_by: order_id}]
        fields:
          - name: order_id
            data_categories: [user]
            rights: {identifies: one}
            fides_meta:
              primary_key: true
              references: [{dataset: shop, field: orders.order_id}]
          - name: stops
            data_categories: [user]
            fides_meta: {data_type: 'object[]'}
            fields:
              - name: who
                data_categories: [user.name]
                rights: {on_deletion: keyed_hash}
              - name: signed
                data_categories: [user.name]
                rights: {on_deletion: constant, constant: "-"}
"""
FILES = {"parcels.yml": PARCELS, "shop.yaml": SHOP}

S, P = "shop.yaml", "parcels.yml"
REF = "references: [{dataset: shop, field: orders.order_id}]"
TERM = "retention: {period: P1Y, counted_from: at,"
STORED = "storage: {period: P2Y, counted_from: at}"
HASHED = "rights: {on_deletion: keyed_hash}"
CITY = "              - name: city\n"
LINES = "      - name: lines\n"

CASES = [
    # ---- YAML itself
    (S, "      stage: 3\n", "      stage: 3\n      stage: 3 #!\n", "a key that is there twice"),
    (S, "{purpose: p, legal_basis: contract}", "{purpose: p, legal_basis: x, purpose: q} #!", "there twice"),
    (S, "    name: Shop\n", "    name: Shop\n    name: Shop #!\n", "a key that is there twice"),
    (S, "    name: Shop\n", "    name: [Shop\n    rights: x #!\n", "not YAML"),
    (P, "dataset:\n", "datasets: #!\n", "a list called `dataset` is missing"),
    # ---- references, within a file and across
    (S, "{dataset: shop, field: orders.order_id,",
     "{dataset: shops, field: orders.order_id, #!\n                  ", "a reference to a dataset that is not there"),
    (P, REF,
     "references: [{dataset: shop, field: baskets.order_id}] #!", "a reference to a collection that is not there"),
    (P, REF,
     "references: [{dataset: shop, field: orders.number}] #!", "a reference to a field that is not there"),
    (P, REF,
     "references: [{dataset: shop, field: orders.extra.town}] #!", "a reference to a field that is not there"),
    (S, CITY,
     f"{CITY}                fides_meta: {{references: [{{dataset: nowhere, field: a.b}}]}} #!\n",
     "a reference to a dataset that is not there"),
    (P, REF,
     "references: [{dataset: shop, field: orders.extra.city}] #!", "a field within a field leads nowhere"),
    (P, REF,
     "references: [{dataset: parcels, field: parcels.stops.who}] #!", "not found by its own rows"),
    (P, REF,
     "references: [{dataset: shop, field: orders.order_id, direction: up}] #!", "direction"),
    (P, f"rights: {{identifies: one}}\n            fides_meta:\n              primary_key: true\n              {REF}",
     "rights: {identifies: one} #!\n            fides_meta: {primary_key: true}", "is a `key` of some kind, or refers"),
    # ---- order
    (P, "after: [shop.orders]", "after: [shop.baskets] #!", "after a collection that is not there"),
    (P, "after: [shop.orders]", "after: [shops.orders] #!", "after a dataset that is not there"),
    (P, "after: [shop]\n", "after: [shops] #!\n", "after a dataset that is not there"),
    (S, LINES, "      - name: lines #!\n        after: [shop.orders]\n", "in a circle: lines, orders"),
    # ---- terms
    (S, TERM, "retention: {counted_from: at, #!\n            ", "has an end"),
    (S, TERM, "retention: { #!\n            ", "has an end"),
    (S, TERM, "retention: {period: P1Y, #!\n            ", "counted_from"),
    (S, TERM,
     "retention: {period: P1Y, counted_from: at, review: 2030-01-01, #!\n            ", "has an end"),
    (S, TERM, "retention: {period: for ever, counted_from: at, #!\n       ",
     "not an ISO 8601 period"),
    (S, STORED, "storage: {} #!", "has an end"),
    (S, STORED, "storage: {period: 2Y, counted_from: at} #!", "ISO 8601"),
    # ---- what becomes of fields
    (S, HASHED, "rights: {on_deletion: hash} #!",
     r"user\.contact\.phone_number can be guessed.*keyed_hash"),
    (S, HASHED, "rights: {on_deletion: erase} #!", "on_deletion"),
    (S, HASHED, "rights: {on_deletion: constant} #!", "constant"),
    (S, HASHED, "rights: {on_deletion: constant, constant: 5} #!", "data_type"),
    (S, HASHED, "rights: {constant: x} #!", "constant"),
    (S, CITY,
     f"{CITY}                rights: {{on_deletion: 'null'}} #!\n", "cannot change a field within a field"),
    (S, CITY, f"{CITY}                rights: {{correction: address}} #!\n",
     "within a field is not corrected"),
    (S, CITY, f"{CITY}                rights: {{key: phone, identifies: shared}} #!\n", "selects no rows in a store"),
    (S, "              - name: street\n", "              - name: city #!\n", "two fields have this name"),
    # ---- who owns rows, whose role it is, what a store is called
    (P, "      role_arn: arn:aws:iam::210987654321:role/parcels\n      external_id: shop-1\n",
     "      role_arn: arn:aws:iam::210987654321:role/parcels #!\n", "assumed with an `external_id`"),
    (S, "role_arn: arn:aws:iam::${AccountId}:role/shop\n",
     "role_arn: arn:aws:iam::210987654321:role/parcels\n      external_id: shop-2 #!\n", "one external id"),
    (P, "fides_key: parcels\n", "fides_key: the.parcels #!\n", "the name of a store"),
    (S, "fides_key: shop\n", "fides_key: parcels #!\n", "two datasets have this key"),
]  # fmt: skip


def write(folder: Path, name: str, text: str) -> Path:
    for other, good in FILES.items():
        (folder / other).write_text(text if other == name else good)
    return folder


def refusal(folder: Path) -> tuple[str, int, str]:
    with pytest.raises(DataMapError) as caught:
        load_data_map(folder)
    assert caught.value.__cause__ is None
    file, line, reason = str(caught.value).split(":", 2)
    return file, int(line), reason.strip()


def line(text: str, piece: str) -> int:
    assert text.count(piece) == 1, piece
    return text[: text.index(piece)].count("\n") + 1


def test_the_map_these_tests_spoil_is_a_good_one(tmp_path: Path) -> None:
    data_map = load_data_map(write(tmp_path, "", ""))
    assert [store.fides_key for store in data_map.stores] == ["parcels", "shop"]


@pytest.mark.parametrize(("name", "good", "bad", "reason"), CASES)
def test_a_mistake_is_refused_at_its_file_and_line_with_its_reason(
    tmp_path: Path, name: str, good: str, bad: str, reason: str
) -> None:
    assert FILES[name].count(good) == 1
    text = FILES[name].replace(good, bad)
    file, number, told = refusal(write(tmp_path, name, text))
    assert (file, number) == (name, line(text, "#!")), told
    with pytest.raises(DataMapError, match=reason):
        load_data_map(tmp_path)


@pytest.mark.parametrize(
    ("spoilt", "place", "reason"),
    [
        ((P, "            rights: {identifies: one}\n", ""),
         (P, "        fields:\n          - name: order_id"), "nothing says whose"),
        ((S, "stage: 3", "stage: 4"), (P, "      after: [shop]"), "same or a later `stage`"),
        ((S, LINES, f"{LINES}        fides_meta:\n          erase_after: [shop.baskets]\n"),
         (S, "      - name: lines"), "after a collection that is not there"),
        ((S, "data_type: string", "data_type: integer"), (S, f"            {HASHED}"), "only text can be hashed"),
        ((P, "data_type: 'object[]'}", "data_type: 'object[]'}\n            rights: {on_deletion: 'null'}"),
         (P, f"                {HASHED}"), "emptied as a whole"),
        ((S, "          on_deletion: anonymise\n", ""), (S, f"            {HASHED}"), "no record is ever anonymised"),
        ((S, "            rights: {key: account_id, identifies: one}\n", ""),
         (S, "        fields:\n          - {name: line_id"), "nothing says whose these rows are"),
    ],
)  # fmt: skip
def test_a_mistake_that_shows_elsewhere_is_refused_where_it_shows(
    tmp_path: Path, spoilt: tuple[str, str, str], place: tuple[str, str], reason: str
) -> None:
    name, good, bad = spoilt
    text = FILES[name].replace(good, bad)
    assert text != FILES[name]
    file, number, told = refusal(write(tmp_path, name, text))
    shown = text if place[0] == name else FILES[place[0]]
    assert (file, number) == (place[0], line(shown, place[1])), told
    with pytest.raises(DataMapError, match=reason):
        load_data_map(tmp_path)


def test_an_unreadable_file_is_refused_at_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"dataset:\n  - name: \xff\xfe\n")
    with pytest.raises(DataMapError, match=r"^bad\.yaml:1: not YAML$"):
        load_data_map(tmp_path)


def test_a_circle_of_references_between_tables_of_dynamodb_is_none_of_our_business(tmp_path: Path) -> None:
    text = PARCELS.replace("stops\n", "stops\n            rights: {identifies: shared}\n", 1)
    meta = "fides_meta: {data_type: 'object[]', references: [{dataset: parcels, field: parcels.order_id}]}"
    load_data_map(write(tmp_path, "parcels.yml", text.replace("fides_meta: {data_type: 'object[]'}", meta)))


def test_a_line_is_found_again_for_whoever_tells_of_a_store(tmp_path: Path) -> None:
    write(tmp_path, "", "")
    assert line_of(tmp_path, store="shop") == "shop.yaml:2"
    assert line_of(tmp_path, store="shop", collection="orders") == f"shop.yaml:{line(SHOP, '- name: orders')}"
    at = line_of(tmp_path, store="parcels", collection="parcels", field="stops")
    assert at == f"parcels.yml:{line(PARCELS, '- name: stops')}"
    assert line_of(tmp_path, store="nowhere") == ""
