"""What `make datamap-build` makes of the map: templates that lint, and that allow just what the sample mall allows."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.datamap.__main__ import main
from local.datamap.build import build, parameters, role_template
from local.transform import load_template
from rights.datamap import StoreMap, load_data_map
from rights.datamap.model import StoreRights
from tests.support.functions import folders, properties_of
from tests.support.template import ROOT, template

MALL = load_template(ROOT / "local" / "mall.yaml")["Resources"]
MAP = load_data_map()
FILES = build(MAP)
STORES = [store for store in MAP.stores if f"roles/{store.fides_key}.yaml" in FILES]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def role_of_the_mall(store: StoreMap) -> dict[str, Any]:
    name = store.rights.role_arn.rpartition("/")[2]
    [role] = [r["Properties"] for r in MALL.values() if r["Properties"].get("RoleName") == name]
    return dict(role)


def allowed(role: dict[str, Any]) -> list[tuple[str, ...]]:
    """The actions of each statement, whatever the resource is written like."""
    statements = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
    plain = [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in statements]
    return sorted(tuple(sorted(as_list(statement["Action"]))) for statement in plain)


def role_of(store: StoreMap) -> dict[str, Any]:
    return dict(role_template(store)["Resources"]["Role"]["Properties"])


def trust_of(role: dict[str, Any]) -> dict[str, Any]:
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    return dict(statement)


@pytest.mark.parametrize("store", STORES, ids=lambda store: store.fides_key)
def test_a_role_allows_just_what_the_sample_mall_allows_and_is_trusted_to_the_same_functions(store: StoreMap) -> None:
    made, given = role_of(store), role_of_the_mall(store)
    assert made["RoleName"] == given["RoleName"]
    assert allowed(made) == allowed(given)
    callers = [as_list(trust_of(r)["Condition"]["ArnLike"]["aws:PrincipalArn"]) for r in (made, given)]
    assert callers[0] == callers[1]


def test_every_store_that_is_reached_under_a_role_has_its_template() -> None:
    assert {store.fides_key for store in STORES} == {s.fides_key for s in MAP.stores if s.rights.role_arn}


def test_every_file_is_a_template_without_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--to", str(tmp_path)]) == 0
    written = capsys.readouterr().out.split()
    assert sorted(written) == sorted(str(tmp_path / name) for name in FILES)
    templates = [name for name in written if name.endswith(".yaml")]
    lint = [str(Path(sys.executable).with_name("cfn-lint")), *templates]
    done = subprocess.run(lint, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own files
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_role_in_another_account_is_trusted_only_with_its_external_id() -> None:
    [store] = [s for s in STORES if s.fides_key == "risk"]
    there = {"role_arn": "arn:aws:iam::210987654321:role/risk", "external_id": "rights-1"}
    other = store.model_copy(update={"rights": StoreRights.model_validate(store.rights.model_dump() | there)})
    statement = trust_of(role_of(other))
    assert statement["Condition"]["StringEquals"] == {"sts:ExternalId": "rights-1"}
    assert statement["Condition"]["ArnLike"] == {"aws:PrincipalArn": ["arn:*:iam::*:role/*StoreDynamodb*"]}
    assert "StringEquals" not in trust_of(role_of(store))["Condition"]
    assert role_of(other)["RoleName"] == "risk"


def test_a_role_that_signs_in_by_its_own_token_may_connect_as_one_user_of_one_database() -> None:
    [store] = [s for s in STORES if s.fides_key == "orders"]
    signing = store.model_copy(update={"rights": store.rights.model_copy(update={"auth": "iam"})})
    assert allowed(role_of(signing)) == [("rds-db:connect",), ("secretsmanager:GetSecretValue",)]
    assert {"DatabaseResourceId", "DatabaseUser"} <= set(role_template(signing)["Parameters"])


def test_a_connector_may_assume_the_roles_of_its_kind_and_no_others() -> None:
    made = parameters(MAP, "123456789012")
    assert set(made) == {f"{store.rights.kind.capitalize()}RoleArns" for store in STORES}
    for store in STORES:
        named = made[f"{store.rights.kind.capitalize()}RoleArns"]
        others = {s.rights.role_arn for s in STORES if s.rights.kind != store.rights.kind}
        assert store.rights.role_arn.replace("${AccountId}", "123456789012") in named
        assert not {arn.replace("${AccountId}", "123456789012") for arn in others} & set(named)
        assert not [arn for arn in named if "*" in arn]


def assumed_by(folder: str) -> list[Any]:
    """The resources of what a function may assume."""
    policies = [policy for policy in properties_of(folder)["Policies"] if "Statement" in policy]
    return [s["Resource"] for p in policies for s in p["Statement"] if s["Action"] == "sts:AssumeRole"]


def test_the_template_lets_a_connector_assume_what_the_parameter_of_its_kind_lists() -> None:
    for kind in {store.rights.kind for store in STORES}:
        parameter = f"{kind.capitalize()}RoleArns"
        assert template()["Parameters"][parameter]["Type"] == "CommaDelimitedList"
        callers = [f"store_{kind}"] + (["plan_purge", "purge_objects"] if kind == "lake" else [])
        for folder in callers:
            assert assumed_by(folder) == [{"Ref": parameter}], folder
    reaching = {folder for folder in folders() if assumed_by(folder)}
    assert reaching == {f"store_{store.rights.kind}" for store in STORES} | {"plan_purge", "purge_objects"}


def test_nothing_is_allowed_on_whatever_there_is() -> None:
    for name, text in FILES.items():
        if name == "parameters.txt":
            continue
        resources = [r for s in statements(yaml.safe_load(text)) for r in as_list(s.get("Resource", []))]
        assert resources, name
        assert "*" not in resources


def statements(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, dict):
        own = [part] if "Effect" in part and "Resource" in part else []
        return own + [found for inner in part.values() for found in statements(inner)]
    return [found for inner in part for found in statements(inner)] if isinstance(part, list) else []
