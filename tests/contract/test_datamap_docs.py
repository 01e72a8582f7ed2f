"""docs/datamap.md tells every key of the data map; its kinds, bounds and hashes are those of the code."""

import re
from typing import get_args

import pytest

from local.datamap import cognito, dynamodb, lake, objects
from rights.datamap import fides, load_data_map, model
from rights.datamap.check_fields import HASHED_LENGTH, HASHING, UNGUESSABLE
from rights.datamap.resolution import MOST_IDENTIFIERS, MOST_VALUES
from tests.support.template import ROOT

TEXT = (ROOT / "docs" / "datamap.md").read_text("utf-8")
OURS = sorted(
    {part for part in vars(model).values() if isinstance(part, type) and issubclass(part, fides.Ours)}
    - {fides.Ours, model.DataMap},
    key=lambda part: part.__name__,
)
KEYS = sorted({(part.__name__, name) for part in OURS for name in part.model_fields})
READ = (model.StoreMap, model.Collection, model.Field, fides.FidesMeta, fides.CollectionMeta, fides.DatasetMeta)
FIDES = {name for part in READ for name in part.model_fields} - {"rights", "collections"}


@pytest.mark.parametrize(("part", "key"), KEYS)
def test_every_key_of_ours_is_told(part: str, key: str) -> None:
    assert re.search(rf"`{key}[`:]", TEXT), f"{part}.{key}"


@pytest.mark.parametrize("key", sorted(FIDES))
def test_every_key_of_fides_that_is_read_is_told(key: str) -> None:
    assert re.search(rf"`(\w+\.)*{key}[`:]", TEXT), key


@pytest.mark.parametrize(
    "word", [*get_args(model.Emptying), *get_args(model.Fact), *sorted(UNGUESSABLE), *sorted(HASHING)]
)
def test_every_choice_is_told(word: str) -> None:
    assert f"`{word}`" in TEXT


def test_every_kind_of_store_is_told_with_how_it_is_reached() -> None:
    kinds = get_args(model.StoreRights.model_fields["kind"].annotation)
    assert all(f"`{kind}`" in TEXT for kind in kinds)
    assert {store.rights.kind for store in load_data_map().stores} <= set(kinds)


def test_the_numbers_are_those_of_the_code() -> None:
    for text in (
        f"{MOST_IDENTIFIERS} identifiers",
        f"{MOST_VALUES:,} values of one field",
        f"{HASHED_LENGTH} characters",
        f"{dynamodb.ITEMS_LOOKED_AT:,} items",
        f"{cognito.USERS_LOOKED_AT}\nusers",
        f"{objects.KEYS_LOOKED_AT:,} keys",
        f"{lake.LINES_LOOKED_AT} lines",
    ):
        assert text in TEXT, text


def test_the_example_is_a_map_that_loads(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("map")
    [example] = re.findall(r"## A whole file\n\n```yaml\n(.*?)```", TEXT, re.DOTALL)
    orders = """\
      - name: orders
        rights: {purpose: finance, legal_basis: contract}
        fields:
          - {name: order_id, fides_meta: {primary_key: true}}
          - {name: account_id, rights: {key: account_id, identifies: one}}
"""
    (folder / "orders.yaml").write_text(example + orders)
    assert [c.name for c in load_data_map(folder).store("orders").collections] == ["consignees", "orders"]
