"""The sign-in of every account: a user of the mall's Cognito user pool, whose username is the account id."""

import json
from collections.abc import Iterator
from typing import Any

from local.mall.model import Row

PARAMETER = "/mall/login/user-pool-id"
"""The SSM parameter with the id of the pool."""

_USERNAME = "username"
_OF_THE_SERVICE = frozenset({"UserCreateDate", "UserLastModifiedDate", "Enabled", "UserStatus"})


def sign_in(account: Row) -> Row:
    """The user of an account, as attributes besides the username."""
    row: Row = {_USERNAME: account["account_id"], "name": account["name"]}
    for theirs, ours in (("phone_number", "phone"), ("email", "email")):
        if ours in account:
            row |= {theirs: account[ours], f"{theirs}_verified": "true"}
    return row


def create(cognito: Any, pool: str, row: Row) -> None:
    """Make the user, who is told nothing."""
    attributes = [{"Name": name, "Value": value} for name, value in row.items() if name != _USERNAME]
    cognito.admin_create_user(
        UserPoolId=pool, Username=row[_USERNAME], UserAttributes=attributes, MessageAction="SUPPRESS"
    )


def lines(cognito: Any, pool: str, accounts: set[str]) -> Iterator[str]:
    """Each user that is of none of these accounts, as text."""
    for page in cognito.get_paginator("list_users").paginate(UserPoolId=pool):
        for user in page["Users"]:
            if user["Username"] not in accounts:
                attributes = sorted((a["Name"], a["Value"]) for a in user["Attributes"])
                told = {name: user[name] for name in sorted(_OF_THE_SERVICE)}
                yield json.dumps([user["Username"], attributes, told], default=str)
