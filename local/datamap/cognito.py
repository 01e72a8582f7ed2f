"""What a user pool holds: the attributes it declares, and those that the first users have."""

from typing import Any

from local.datamap.sampling import Sample
from rights.datamap import StoreMap
from rights.datamap.compare import Column, Family, Found, Shape

USERS_LOOKED_AT = 60
"""The most that Cognito lists in a call."""
_OF_THE_USER: dict[str, Family] = {
    "username": "text",
    "status": "text",
    "enabled": "boolean",
    "created_at": "datetime",
    "modified_at": "datetime",
}
"""What Cognito tells of a user besides attributes, by our names."""


def describe_cognito(store: StoreMap, client: Any, ssm: Any) -> Found:
    """The pools of the store's collections."""
    shapes = {}
    for collection in store.collections:
        if collection.rights.cognito is None:
            continue
        try:
            pool = ssm.get_parameter(Name=collection.rights.cognito.user_pool)["Parameter"]["Value"]
        except ssm.exceptions.ParameterNotFound:
            continue
        shapes[collection.name] = _shape(client, pool, {field.name for field in collection.fields})
    return Found(shapes)


def _shape(client: Any, pool: str, mapped: set[str]) -> Shape:
    described = client.describe_user_pool(UserPoolId=pool)["UserPool"]
    sample = Sample()
    for user in client.list_users(UserPoolId=pool, Limit=USERS_LOOKED_AT)["Users"]:
        sample.add({attribute["Name"]: attribute.get("Value") for attribute in user["Attributes"]})
    # Every pool declares all of the standard attributes, used or not: those count that users have or the map names.
    declared = {attribute["Name"] for attribute in described.get("SchemaAttributes", ())}
    own = {name for name in declared if name.startswith(("custom:", "dev:"))}
    known = {*own, *(declared & mapped)} | {f"{name}_verified" for name in ("email", "phone_number")} & mapped
    columns = [Column(name, frozenset[Family]({"text"})) for name in known]
    columns += [Column(name, frozenset({family})) for name, family in _OF_THE_USER.items() if name in mapped]
    troubles = (
        ("people choose their usernames here, so none is the account id",)
        if described.get("UsernameAttributes")
        else ()
    )
    return Shape(sample.columns(columns), ("username",), None, None, troubles)
