"""Each function may do what its code does: the calls found in the source are the actions its role allows, both ways."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import yaml

from local.transform import load_template
from rights.datamap import load_data_map
from tests.support.functions import folders, properties_of, state_of
from tests.support.symbols import Symbol, reach, sources
from tests.support.template import ROOT, resources, template

ACTIONS: dict[str, set[str]] = {
    # DynamoDB
    "get_item": {"dynamodb:GetItem"},
    "put_item": {"dynamodb:PutItem"},
    "batch_get_item": {"dynamodb:BatchGetItem"},
    "batch_write_item": {"dynamodb:BatchWriteItem"},
    "update_item": {"dynamodb:UpdateItem"},
    "delete_item": {"dynamodb:DeleteItem"},
    "query": {"dynamodb:Query"},
    "transact_write_items": set(),  # its parts say: the three that follow
    "put_op": {"dynamodb:PutItem"},
    "update_op": {"dynamodb:UpdateItem"},
    "delete_op": {"dynamodb:DeleteItem"},
    "check_op": {"dynamodb:ConditionCheckItem"},
    # KMS and Secrets Manager
    "generate_data_key": {"kms:GenerateDataKey"},
    "decrypt": {"kms:Decrypt"},
    "sign": {"kms:Sign"},
    "get_public_key": {"kms:GetPublicKey"},
    "get_secret_value": {"secretsmanager:GetSecretValue"},
    # S3; a multipart upload that fails is given up
    "head_object": {"s3:GetObject"},
    "get_object": {"s3:GetObject"},
    "put_object": {"s3:PutObject"},
    "delete_object": {"s3:DeleteObject"},
    "generate_presigned_post": {"s3:PutObject"},
    "list_objects_v2": {"s3:ListBucket"},
    "list_object_versions": {"s3:ListBucketVersions"},
    "delete_objects": {"s3:DeleteObjectVersion"},  # each names its version
    "upload_fileobj": {"s3:PutObject", "s3:AbortMultipartUpload"},
    "create_multipart_upload": {"s3:PutObject"},
    "upload_part": {"s3:PutObject"},
    "complete_multipart_upload": {"s3:PutObject"},
    "abort_multipart_upload": {"s3:AbortMultipartUpload"},
    # Cognito, and the parameter with a pool's id
    "admin_get_user": {"cognito-idp:AdminGetUser"},
    "admin_update_user_attributes": {"cognito-idp:AdminUpdateUserAttributes"},
    "admin_disable_user": {"cognito-idp:AdminDisableUser"},
    "admin_user_global_sign_out": {"cognito-idp:AdminUserGlobalSignOut"},
    "admin_delete_user": {"cognito-idp:AdminDeleteUser"},
    "get_parameter": {"ssm:GetParameter"},
    # the rest
    "invoke": {"lambda:InvokeFunction"},
    "assume_role": {"sts:AssumeRole"},
    "start_execution": {"states:StartExecution"},
    "send_task_success": {"states:SendTaskSuccess"},
    "describe_execution": {"states:DescribeExecution"},
    "send_message": {"sqs:SendMessage"},
    "publish": {"sns:Publish"},
    "send_email": {"ses:SendEmail"},
}
"""What a method of a client needs, by its name."""

OF_NAMES: dict[str, set[str]] = ACTIONS | {"delete_objects": {"s3:DeleteObject"}}
"""What they need where nothing has versions: in `EXPORTS`, whose bucket keeps none."""

OF_VERSIONS: dict[str, set[str]] = {
    "list_object_versions": {"s3:ListBucketVersions", "s3:ListBucket"},  # the latter makes 404 of 403
    "get_object_tagging": {"s3:GetObjectVersionTagging"},
    "head_object": {"s3:GetObjectVersion"},
    "get_object": {"s3:GetObjectVersion"},
    "delete_objects": {"s3:DeleteObjectVersion"},
}
"""What the same methods need where every call names a version, as all of a store's do."""

OF_A_LAKE: dict[str, set[str]] = {
    # Every call names a version, except in a bucket that has none; and the bucket's key is the mall's.
    "list_object_versions": {"s3:ListBucketVersions", "s3:ListBucket"},
    "get_object_tagging": {"s3:GetObjectVersionTagging", "s3:GetObjectTagging"},
    "head_object": {"s3:GetObjectVersion", "s3:GetObject", "kms:Decrypt"},
    "get_object": {"s3:GetObjectVersion", "s3:GetObject", "kms:Decrypt"},
    "put_object": {"s3:PutObject", "s3:PutObjectTagging", "kms:GenerateDataKey"},
    "create_multipart_upload": {"s3:PutObject", "s3:PutObjectTagging", "kms:GenerateDataKey", "kms:Decrypt"},
    "upload_part": {"s3:PutObject", "kms:GenerateDataKey", "kms:Decrypt"},
    "complete_multipart_upload": {"s3:PutObject", "kms:Decrypt"},
    "abort_multipart_upload": {"s3:AbortMultipartUpload"},
    "delete_objects": {"s3:DeleteObjectVersion"},
}
"""What they need on a lake, whose objects are written anew."""

UNDER_OUR_KEY: dict[str, set[str]] = {
    "head_object": {"kms:Decrypt"},
    "get_object": {"kms:Decrypt"},
    "put_object": {"kms:GenerateDataKey"},
    "generate_presigned_post": {"kms:GenerateDataKey"},
    "upload_fileobj": {"kms:GenerateDataKey", "kms:Decrypt"},
    "create_multipart_upload": {"kms:GenerateDataKey", "kms:Decrypt"},
    "upload_part": {"kms:GenerateDataKey", "kms:Decrypt"},
    "complete_multipart_upload": {"kms:Decrypt"},
}
"""What they need besides in our buckets, which S3 encrypts under `SealKey` in the caller's name."""

CLIENTS = frozenset(
    {"client", "kms", "s3", "sts", "sns", "ses", "states", "queues", "lambdas", "manager", "ssm", "table"},
)
"""What a client is called; `table` is the ledger's own, whose `..._op` become parts of a transaction."""
NO_CALLS = frozenset({"exceptions", "meta"})
STANDS_FOR_ANOTHER = frozenset({"get_paginator", "generate_presigned_url"})
UNDER_THE_STORES_ROLE = {
    f"rights.stores.{kind}" for kind in ("cognito", "dynamodb", "dynamodb_rows", "lake_objects", "objects", "postgres")
}
SAID_OF_OTHERS = frozenset({"query", "decrypt", "sign", "publish", "invoke"})
"""Methods of clients whose names other things of ours or of Python's have too."""
EXPORTS = "rights.packages.parts"
OBJECTS_OF_A_LAKE = "rights.stores.lake_objects"
UNDER_NO_ROLE = {"store_partner", "store_ledger"}
"""Connectors that are handed the stores' roles like all, and reach their stores without."""
STORES = sorted(f for f in folders() if f.startswith("store_"))


def calls(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The methods of clients that are named in these nodes; of paginators and presigned links what they stand for."""
    for node in (part for each in nodes for part in ast.walk(each)):
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr=method), args=[ast.Constant(value=meant), *_]):
                if method in STANDS_FOR_ANOTHER and is_client(receiver):
                    yield str(meant)
            case ast.Attribute(value=receiver, attr=method) if is_client(receiver):
                parts_only = name_of(receiver) == "table" and not method.endswith("_op")
                if not parts_only and method not in NO_CALLS | STANDS_FOR_ANOTHER:
                    yield method


def name_of(receiver: ast.AST) -> str:
    match receiver:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)):
            return name.lstrip("_")
    return ""


def is_client(receiver: ast.AST) -> bool:
    return name_of(receiver) in CLIENTS


def needed(nodes: Iterable[ast.AST], table: dict[str, set[str]] = ACTIONS) -> set[str]:
    unknown = set(calls(nodes := list(nodes))) - set(table)
    assert not unknown, f"say in the table what these need: {unknown}"
    return {action for call in calls(nodes) for action in table[call]}


def own(reached: dict[Symbol, ast.AST]) -> list[ast.AST]:
    return [node for (module, _), node in reached.items() if module not in UNDER_THE_STORES_ROLE]


def statements(folder: str) -> Iterator[dict[str, Any]]:
    for policy in properties_of(folder)["Policies"]:
        if "Ref" in policy:
            yield from resources("AWS::IAM::ManagedPolicy")[policy["Ref"]]["Properties"]["PolicyDocument"]["Statement"]
        else:
            yield from policy["Statement"]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(folder: str) -> set[str]:
    return {a for s in statements(folder) if s["Effect"] == "Allow" for a in as_list(s["Action"])}


@pytest.mark.parametrize("folder", folders())
def test_a_function_may_do_just_what_its_code_does(folder: str) -> None:
    nodes = own(reached := reach(f"{folder}.app"))
    of_names = [node for (module, _), node in reached.items() if module == EXPORTS]
    others = [node for node in nodes if node not in of_names]
    for_objects = set[str]().union(*(UNDER_OUR_KEY.get(call, set()) for call in calls(nodes)))
    unused = {"sts:AssumeRole"} if folder in UNDER_NO_ROLE else set()
    assert allowed(folder) == (needed(others) | needed(of_names, OF_NAMES) | for_objects) - unused


def test_a_connector_that_may_assume_no_role_has_no_store_that_is_reached_under_one() -> None:
    kinds = {folder.removeprefix("store_") for folder in UNDER_NO_ROLE}
    assert not [store for store in load_data_map().stores if store.rights.kind in kinds and store.rights.role_arn]


def with_rights_to(*actions: str) -> set[str]:
    """The functions that may do just these, of sealing, opening and reading the secret."""
    guarded = {"kms:GenerateDataKey", "kms:Decrypt", "secretsmanager:GetSecretValue"}
    return {folder for folder in folders() if allowed(folder) & guarded == set(actions)}


def test_who_only_moves_a_request_on_neither_seals_nor_opens_nor_tags() -> None:
    movers = {"close", "run_ended", "watch", "expire_records", "notice_feedback", "schedule_purge", "partner_api"}
    # The authoriser too: it compares public keys, and writes down which signatures were used.
    assert with_rights_to() == movers | {"authorize_affiliate"}


def test_who_waits_only_seals_and_who_follows_up_only_opens() -> None:
    assert with_rights_to("kms:GenerateDataKey") == {"review", "repair", "await_access", "await_store"}
    assert with_rights_to("kms:Decrypt") == {"relay", "sweep", "notify", "purge_objects", "send_callback"}
    assert with_rights_to("kms:Decrypt", "secretsmanager:GetSecretValue") == {"send_notice"}


def test_only_who_tags_something_may_read_the_secret_and_who_asks_partners_what_lets_it_in() -> None:
    doors = {"public_api", "operator_api", "gateway_api", "affiliate_api"}
    tagging = doors | {"verify_identity", "confirm", "plan_request", "send_notice", "store_ledger", "bulk_closure"}
    reading = {folder for folder in folders() if "secretsmanager:GetSecretValue" in allowed(folder)}
    assert reading == tagging | {"store_partner"}
    secrets = [s["Resource"] for s in statements("store_partner") if "secretsmanager" in str(s["Action"])]
    assert secrets == [{"Ref": "PartnerSecretArns"}]


def test_no_method_is_called_by_a_name_that_is_made_up() -> None:
    for source in sources().values():
        for node in ast.walk(source.tree):
            match node:
                case ast.Call(func=ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_])):
                    assert isinstance(name, ast.Constant), f"{source.name}: {ast.unparse(node)}"


def test_a_class_counts_with_the_methods_that_are_named_and_keeps_what_is_kept_for_later() -> None:
    def methods(folder: str, module: str, name: str) -> set[str]:
        node = reach(f"{folder}.app")[module, name]
        return {part.name for part in ast.walk(node) if isinstance(part, ast.FunctionDef)}

    assert {"__init__", "seal", "_key_for"} == methods("review", "rights.sealing", "Sealer")
    assert {"__init__", "open", "_unwrap"} == methods("relay", "rights.sealing", "Sealer")
    assert {"__init__"} == methods("close", "rights.secrets_hmac", "Hmac")
    assert ("rights.wiring", "_secret") not in reach("close.app")
    assert ("rights.wiring", "_secret") in reach("send_notice.app")


MALL = load_template(ROOT / "local" / "mall.yaml")


def granted_by_the_mall(kind: str) -> set[str]:
    connector = f"*Store{kind.capitalize()}*"
    return {
        action
        for role in MALL["Resources"].values()
        if role["Type"] == "AWS::IAM::Role" and connector in str(role["Properties"]["AssumeRolePolicyDocument"])
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
    }


@pytest.mark.parametrize("folder", STORES)
def test_the_mall_lets_a_connector_do_just_what_its_code_does(folder: str) -> None:
    kind = folder.removeprefix("store_")
    nodes = [node for (module, _), node in reach(f"{folder}.app").items() if module in UNDER_THE_STORES_ROLE]
    assert granted_by_the_mall(kind) == needed(nodes, {"objects": OF_VERSIONS, "lake": OF_A_LAKE}.get(kind, ACTIONS))


def test_whoever_purges_a_lake_needs_nothing_that_its_connector_may_not() -> None:
    for folder in ("plan_purge", "purge_objects"):
        nodes = [node for (module, _), node in reach(f"{folder}.app").items() if module == OBJECTS_OF_A_LAKE]
        assert nodes
        assert needed(nodes, OF_A_LAKE) <= granted_by_the_mall("lake")
        assert f"role/*{state_of(folder)}*" in str(MALL["Resources"]["ServiceLogsRole"])


def test_every_call_of_a_store_to_s3_names_a_version() -> None:
    for (module, _), node in reach("store_objects.app").items():
        for call in ast.walk(node) if module == "rights.stores.objects" else ():
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in {
                "get_object", "head_object", "get_object_tagging",
            }:  # fmt: skip
                assert "VersionId" in {keyword.arg for keyword in call.keywords}


def test_no_client_goes_by_a_name_that_this_test_does_not_know() -> None:
    telling = (set(ACTIONS) | set(OF_VERSIONS) | set(OF_A_LAKE)) - SAID_OF_OTHERS
    for folder in folders():
        for (module, _), node in reach(f"{folder}.app").items():
            for part in ast.walk(node):
                if isinstance(part, ast.Attribute) and part.attr in telling:
                    assert is_client(part.value) or name_of(part.value) == "self", f"{module}: {ast.unparse(part)}"


def test_no_role_allows_whole_services() -> None:
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::KMS::Key":
            continue  # the account's own root, so that the key can be administered by IAM
        for statement in every_statement(resource):
            if statement["Effect"] == "Allow":
                assert not [action for action in as_list(statement["Action"]) if "*" in action]


def every_statement(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "Effect" in part:
            yield part
        for inner in part.values():
            yield from every_statement(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from every_statement(inner)


def test_a_resource_that_is_not_named_has_its_reason_beside_it() -> None:
    text = (ROOT / "template.yaml").read_text("utf-8")
    lines = text.splitlines()
    for kind, node in resource_nodes(text):
        if kind == "AWS::KMS::Key":
            continue  # in the policy of a key the star is the key
        for statement in statement_nodes(node):
            fields = {key.value: value for key, value in statement.value}
            resource = lines[fields["Resource"].start_mark.line : fields["Resource"].end_mark.line + 1]
            if fields["Effect"].value == "Allow" and is_open(fields["Resource"], "\n".join(resource)):
                around = lines[statement.start_mark.line - 1 : statement.end_mark.line + 1]
                assert any(line.strip().startswith("#") for line in around), resource


def is_open(node: yaml.Node, text: str) -> bool:
    """True for a star that no resource of ours stands before."""
    if isinstance(node, yaml.ScalarNode):
        text = node.value
    names = [name for name in template()["Resources"] if re.search(rf"\$\{{{name}[.}}]", text)]
    return "*" in text and not names


def resource_nodes(text: str) -> Iterator[tuple[str, yaml.Node]]:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    [found] = [value for key, value in root.value if key.value == "Resources"]
    for _, node in found.value:
        yield next(value.value for key, value in node.value if key.value == "Type"), node


def statement_nodes(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        if "Effect" in {key.value for key, _ in node.value}:
            yield node
        for _, value in node.value:
            yield from statement_nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from statement_nodes(value)
