"""What lets connectors reach the stores of a map: our own parameters, and a role template for each store's owner.

A connector may assume exactly the roles of the stores of its kind and nothing else of theirs. A role may do the least
with just the tables, prefixes, secret or pool that its map names, and only for the connector of that kind, of the one
account, which tells the external id where the map has one.
"""

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from rights.datamap import DataMap, StoreMap
from rights.errors import DataMapError

Statement = dict[str, Any]

ROWS = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
FILES = ["s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:DeleteObjectVersion"]
USERS = [
    "cognito-idp:AdminGetUser",
    "cognito-idp:AdminUpdateUserAttributes",
    "cognito-idp:AdminDisableUser",
    "cognito-idp:AdminUserGlobalSignOut",
    "cognito-idp:AdminDeleteUser",
]
LAKE_OBJECTS = [
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:PutObject",
    "s3:PutObjectTagging",
    "s3:AbortMultipartUpload",
    "s3:DeleteObjectVersion",
]
CALLERS = {"lake": ["*StoreLake*", "*PlanPurge*", "*PurgeObjects*"]}
"""The functions that assume a role, by kind of store, where it is not the connector alone."""

_POOL = {"CustomersPoolArn": {"Type": "String", "Description": "The user pool whose users the rights system reaches."}}
_USER = {
    "DatabaseResourceId": {
        "Type": "String",
        "Description": "The database's resource id (db-..., cluster-..., prx-...).",
    },
    "DatabaseUser": {"Type": "String", "Description": "The database user that signs in with the role's token."},
}
_KEY = {
    "KeyArn": {
        "Type": "String",
        "Default": "",
        "Description": "The KMS key that the bucket's objects are encrypted with; empty for S3's own.",
    }
}


def build(data_map: DataMap, account: str = "*") -> dict[str, str]:
    """The files to hand out, by name: `parameters.txt` for our own template, `roles/<store>.yaml` for the owners.

    `account` is the one this system runs in; without it a role of that name counts in any account that trusts us.
    """
    reached = [store for store in data_map.stores if store.rights.kind in _STATEMENTS]
    files = {f"roles/{store.fides_key}.yaml": _text(role_template(store)) for store in reached}
    lines = [f"{name}={','.join(arns)}\n" for name, arns in parameters(data_map, account).items()]
    return {"parameters.txt": "".join(lines)} | files


def parameters(data_map: DataMap, account: str) -> dict[str, list[str]]:
    """Which roles the connector of each kind may assume: parameters of `template.yaml` (`sam deploy`'s overrides)."""
    kinds = sorted({store.rights.kind for store in data_map.stores if store.rights.kind in _STATEMENTS})
    return {f"{kind.capitalize()}RoleArns": _roles_of(kind, data_map, account) for kind in kinds}


def _roles_of(kind: str, data_map: DataMap, account: str) -> list[str]:
    arns = {store.rights.role_arn for store in data_map.stores if store.rights.kind == kind}
    return sorted(arn.replace("${AccountId}", account) for arn in arns)


def _text(template: dict[str, Any]) -> str:
    written = yaml.dump(template, Dumper=_Plain, sort_keys=False, width=120)
    return f"# Made by `make datamap-build` from the data map.\n{written}"


class _Plain(yaml.SafeDumper):
    """Writes what is there twice twice: people read these files."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def role_template(store: StoreMap) -> dict[str, Any]:
    """A CloudFormation template of the role that this store's map names, for the account that owns the store."""
    kind = store.rights.kind
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"What the data rights system may do with the store {store.fides_key}.",
        "Parameters": {
            "RightsAccountId": {
                "Type": "String",
                "AllowedPattern": r"\d{12}",
                "Description": "The account the rights system runs in.",
            },
            **(_USER if store.rights.auth == "iam" else {}),
            **(_POOL if kind == "cognito" else _KEY if kind == "lake" else {}),
        },
        **(
            {"Conditions": {"HasKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "KeyArn"}, ""]}]}}} if kind == "lake" else {}
        ),
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": store.rights.role_arn.rpartition("/")[2],
                    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [_trust(store)]},
                    "Policies": [
                        {
                            "PolicyName": "store",
                            "PolicyDocument": {"Version": "2012-10-17", "Statement": _STATEMENTS[kind](store)},
                        }
                    ],
                },
            }
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


def _trust(store: StoreMap) -> Statement:
    callers = CALLERS.get(store.rights.kind, [f"*Store{store.rights.kind.capitalize()}*"])
    arns = [f"arn:*:iam::*:role/{caller}" for caller in callers]
    told = {"StringEquals": {"sts:ExternalId": store.rights.external_id}} if store.rights.external_id else {}
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": _sub("arn:${AWS::Partition}:iam::${RightsAccountId}:root")},
        "Condition": {"ArnLike": {"aws:PrincipalArn": arns}, **told},
    }


def _of_dynamodb(store: StoreMap) -> list[Statement]:
    accesses = [access for collection in store.collections for access in collection.rights.dynamodb]
    tables = sorted({access.table for access in accesses})
    indexes = sorted({f"{access.table}/index/{access.index}" for access in accesses if access.index})
    statements = [_allow(ROWS, [_resource("dynamodb", f"table/{table}") for table in tables])]
    if indexes:
        statements.append(_allow(["dynamodb:Query"], [_resource("dynamodb", f"table/{index}") for index in indexes]))
    return statements


def _of_postgres(store: StoreMap) -> list[Statement]:
    # Secrets Manager adds a dash and six characters to the name.
    secret = _resource("secretsmanager", f"secret:{store.rights.secret}-??????")
    statements = [_allow(["secretsmanager:GetSecretValue"], [secret])]
    if store.rights.auth == "iam":
        statements.append(
            _allow(["rds-db:connect"], [_resource("rds-db", "dbuser:${DatabaseResourceId}/${DatabaseUser}")])
        )
    return statements


def _of_objects(store: StoreMap) -> list[Statement]:
    accesses = [collection.rights.objects for collection in store.collections if collection.rights.objects]
    places = [(access.bucket, access.prefix.partition("{")[0]) for access in accesses]
    return _of_buckets(places, FILES)


def _of_lake(store: StoreMap) -> list[Statement]:
    found = [collection.rights.model_dump().get("lake") for collection in store.collections]
    statements = _of_buckets([(access["bucket"], access["prefix"]) for access in found if access], LAKE_OBJECTS)
    key = _allow(["kms:Decrypt", "kms:GenerateDataKey"], {"Ref": "KeyArn"})
    return [*statements, {"Fn::If": ["HasKey", key, {"Ref": "AWS::NoValue"}]}]


def _of_buckets(places: list[tuple[str, str]], actions: list[str]) -> list[Statement]:
    statements = []
    for bucket in sorted({bucket for bucket, _ in places}):
        prefixes = sorted({prefix for other, prefix in places if other == bucket})
        # Without ListBucket a missing key is told as 403, not as 404.
        listing = _allow(["s3:ListBucket", "s3:ListBucketVersions"], [_arn(f"arn:${{AWS::Partition}}:s3:::{bucket}")])
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
        objects = [_arn(f"arn:${{AWS::Partition}}:s3:::{bucket}/{prefix}*") for prefix in prefixes]
        statements += [listing, _allow(actions, objects)]
    return statements


def _of_cognito(store: StoreMap) -> list[Statement]:
    names = sorted({c.rights.cognito.user_pool.lstrip("/") for c in store.collections if c.rights.cognito})
    parameters = [_resource("ssm", f"parameter/{name}") for name in names]
    return [_allow(USERS, {"Ref": "CustomersPoolArn"}), _allow(["ssm:GetParameter"], parameters)]


_STATEMENTS: Mapping[str, Callable[[StoreMap], list[Statement]]] = {
    "cognito": _of_cognito,
    "dynamodb": _of_dynamodb,
    "lake": _of_lake,
    "objects": _of_objects,
    "postgres": _of_postgres,
}


def _allow(actions: list[str], resource: Any) -> Statement:
    if not resource:
        msg = "a store that reaches nothing needs no role"
        raise DataMapError(msg)
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def _resource(service: str, name: str) -> dict[str, str]:
    return _arn(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{name}")


def _arn(text: str) -> dict[str, str]:
    """An ARN in which the map's own `${AccountId}`, the account of the rights system, is what the owner said it is."""
    return _sub(text.replace("${AccountId}", "${RightsAccountId}"))


def _sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}
