"""Cognito user pools: the sign-in of an account, found by its username and nothing else.

AdminGetUser reads the user itself, at once; searching (ListUsers) lags, and knows no attributes of one's own. So the
username is the account id. Cognito writes nothing on a condition: each write here reads the user just before, and what
changes in between is overwritten (docs/limits.md). A username that is taken again is a new account, which no key names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rights.datamap.model import Collection, StoreMap
from rights.domain.identity import Identifier, KeySet
from rights.domain.work import Disposition
from rights.errors import DataMapError
from rights.stores.contract import Corrected, Cursor, ErasurePage, Page, Plain, Seen
from rights.stores.roles import Roles, aws_error
from rights.stores.rules import holds, judge, planned
from rights.stores.selection import erasure_order, foreign_accounts, identifiers_of, own_fields, selectors
from rights.stores.shape import to_record

_USERNAME = "username"
_OF_THE_USER = {
    _USERNAME: "Username",
    "status": "UserStatus",
    "enabled": "Enabled",
    "created_at": "UserCreateDate",
    "modified_at": "UserLastModifiedDate",
}
"""Fields that are not attributes, as Cognito calls them."""

_GONE = "UserNotFoundException"
_CANNOT_HOLD = frozenset({"AliasExistsException", "InvalidParameterException"})
"""A contact that somebody else signs in with, or a value that is none of its kind."""

User = dict[str, Any]
"""A user as a row: the fields above, and the attributes by their own names."""


def connect(store: StoreMap, roles: Roles) -> "CognitoConnector":
    """The connector of a store, under the role that its data map names."""
    role = store.rights.role_arn
    return CognitoConnector(store, roles.client("cognito-idp", role), roles.client("ssm", role))


class CognitoConnector(Plain):
    """One user pool of the data map, as a `Connector`."""

    def __init__(self, store: StoreMap, client: Any, ssm: Any, *, page_size: int = 20) -> None:
        self._store = store
        self._client = client
        self._ssm = ssm
        self._page_size = page_size

    def collections(self) -> list[str]:
        """The collections, in the order of an erasure."""
        return erasure_order(self._store)

    def recognise(self, identifier: Identifier) -> bool:  # noqa: ARG002 - contacts are looked up where they are indexed
        """A sign-in recognises nobody: the account's store has the contacts."""
        return False

    def locate(self, keys: KeySet) -> KeySet:
        """The `one` edges of the users of these accounts; a map that marks no more than the username adds nothing."""
        return KeySet.of(
            identifier
            for collection in self._store.collections
            if len(own_fields(collection)) > 1
            for user in self._users(collection, keys)
            for identifier in identifiers_of(collection, user)
        )

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Users per collection, each read by its name."""
        return {c.name: sum(1 for _ in self._users(c, keys)) for c in self._store.collections}

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """The next users with their attributes; Cognito hands out no passwords."""
        described = self._store.collection(collection)
        users, following = self._page(described, keys, after)
        return Page([to_record(described, user, keys) for user in users], following)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """What is to happen to the next users."""
        described = self._store.collection(collection)
        users, following = self._page(described, keys, after)
        return ErasurePage(_planned(described, users, today).changes, following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen to these users."""
        described = self._store.collection(collection)
        wanted = [str(key[_USERNAME]) for key in row_keys]
        return _planned(described, list(self._users(described, keys, wanted)), today)

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Delete user by user; who is gone is gone."""
        described = self._store.collection(collection)
        wanted = [str(change.key[_USERNAME]) for change in page.doing(Disposition.ERASE)]
        for user in self._users(described, keys, wanted):
            if not any(holds(rule, user, {}) for rule in described.rights.retain_when):
                self._of_user(self._client.admin_delete_user, user[_USERNAME])

    def seen(self, keys: KeySet, subjects: Sequence[str]) -> list[Seen]:
        """Read user by user; an attribute without a value holds nothing to correct."""
        return [
            Seen(c.name, {_USERNAME: user[_USERNAME]}, field.name, field.rights.correction or "", value)
            for c in self._store.collections
            if (fields := c.fields_about(subjects))
            for user in self._users(c, keys)
            for field in fields
            if (value := user.get(field.name)) is not None
        ]

    def correct(  # noqa: PLR0917 - as the contract has it
        self, collection: str, keys: KeySet, key: Mapping[str, Any], field: str, seen_value: Any, new_value: str
    ) -> Corrected:
        """Change an attribute that still has the value seen.

        Compared just before, since Cognito cannot compare: a change of the moment in between is lost. A new contact is
        proven before it gets here, so where the old one counted as verified, the new one does too, and no code is sent.
        """
        described = self._store.collection(collection)
        user = next(self._users(described, keys, [str(key[_USERNAME])]), None)
        if user is None:
            return "gone"
        if user.get(field) == new_value:
            return "corrected"
        if user.get(field) != seen_value:
            return "conflict"
        attributes = {field: new_value}
        if user.get(f"{field}_verified") == "true":
            attributes[f"{field}_verified"] = "true"
        named = [{"Name": name, "Value": value} for name, value in attributes.items()]
        try:
            self._client.admin_update_user_attributes(
                UserPoolId=self._pool, Username=user[_USERNAME], UserAttributes=named
            )
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _CANNOT_HOLD:
                return "conflict"
            if _code(error) == _GONE:
                return "gone"
            raise aws_error(error) from None
        return "corrected"

    def freeze(self, keys: KeySet) -> int:
        """Shut the sign-ins and end their sessions; how many there are. May run twice."""
        shut = 0
        for collection in self._store.collections:
            for user in self._users(collection, keys):
                # In this order: between the two nobody can sign in anew.
                self._of_user(self._client.admin_disable_user, user[_USERNAME])
                self._of_user(self._client.admin_user_global_sign_out, user[_USERNAME])
                shut += 1
        return shut

    def _page(self, collection: Collection, keys: KeySet, after: Cursor | None) -> tuple[list[User], Cursor | None]:
        names = selectors(collection, keys).get(_USERNAME, ())
        start = int(after["user"]) if after else 0
        end = start + self._page_size
        users = list(self._users(collection, keys, names[start:end]))
        return users, {"user": end} if end < len(names) else None

    def _users(self, collection: Collection, keys: KeySet, wanted: Sequence[str] | None = None) -> Iterator[User]:
        """The person's users, all or those of these names."""
        names = selectors(collection, keys).get(_USERNAME, ())
        owners = foreign_accounts(collection, keys).items()
        for name in names if wanted is None else [name for name in wanted if name in names]:
            user = self._user(name)
            # Cognito also answers to aliases and to its own ids: what counts is the account the user itself names.
            if user and all(user.get(field) is None or str(user[field]) in values for field, values in owners):
                yield user

    def _user(self, name: str) -> User | None:
        answer = self._of_user(self._client.admin_get_user, name)
        if answer is None:
            return None
        attributes = {attribute["Name"]: attribute.get("Value") for attribute in answer.get("UserAttributes", [])}
        return attributes | {ours: answer[theirs] for ours, theirs in _OF_THE_USER.items() if theirs in answer}

    def _of_user(self, call: Callable[..., dict[str, Any]], name: str) -> dict[str, Any] | None:
        """What a call answers about one user; `None` once the user is gone."""
        try:
            return call(UserPoolId=self._pool, Username=name)
        except (ClientError, BotoCoreError) as error:
            if _code(error) == _GONE:
                return None
            raise aws_error(error) from None

    @cached_property
    def _pool(self) -> str:
        names = {c.rights.cognito.user_pool for c in self._store.collections if c.rights.cognito}
        if len(names) != 1:
            msg = f"{self._store.fides_key}: all of its users are in one pool"
            raise DataMapError(msg)
        try:
            found: str = self._ssm.get_parameter(Name=names.pop())["Parameter"]["Value"]
        except (ClientError, BotoCoreError) as error:
            raise aws_error(error) from None
        return found


def _code(error: ClientError | BotoCoreError) -> str:
    return str(error.response.get("Error", {}).get("Code")) if isinstance(error, ClientError) else ""


def _planned(collection: Collection, users: Sequence[User], today: str) -> ErasurePage:
    rows = ((user, {_USERNAME: user[_USERNAME]}, judge(collection, user, today)) for user in users)
    return planned(collection, rows)
