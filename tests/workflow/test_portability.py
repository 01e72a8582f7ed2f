"""A portability request: the same data as an access gives, in a form that another service can read."""

import csv
import io
import json

import jsonschema
import pytest

from local.cloud import Cloud
from local.mall import expected_access
from tests.workflow.asking import Public
from tests.workflow.controls import Operator
from tests.workflow.package import Package, download


@pytest.fixture(scope="module")
def package(cloud: Cloud, public: Public, operator: Operator) -> Package:
    """What somebody with something in every store gets."""
    asking = public.ask("portability", phone=cloud.mall.special("run").phone).prove()
    operator.releases(asking.id)
    asking.until_told("completed")
    return download(asking)


def test_a_portability_hands_over_what_an_access_would(package: Package, cloud: Cloud) -> None:
    person = cloud.mall.special("run")
    wanted = {
        f"{store}/{collection}": count
        for store, one in expected_access(cloud.mall, person).items()
        for collection, count in one.collections.items()
    }
    assert {name: len(found) for name, found in package.records.items()} == wanted
    assert package.strangers(cloud.mall, person) == []
    assert package.manifest["sha256"] == package.hashes_without_manifest()


def test_every_table_says_what_its_records_say(package: Package) -> None:
    for name, records in package.records.items():
        text = package.entries[f"data/{name}.csv"].decode()
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        assert [dict(zip(header, row, strict=True)) for row in rows] == [
            {column: as_text(record.get(column)) for column in header} for record in records
        ]
        assert {column for record in records for column in record} <= set(header)


def as_text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_the_schema_is_true_of_every_record(package: Package) -> None:
    schema = json.loads(package.entries["schema.json"])
    for name, records in package.records.items():
        reference = {"$ref": f"#/$defs/{name.replace('/', '.')}"}
        validator = jsonschema.Draft202012Validator(schema | reference)
        for record in records:
            validator.validate(record)
