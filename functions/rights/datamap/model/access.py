"""How a collection is reached, by the kind of its store."""

from typing import Literal

from pydantic import Field as Attribute

from rights.datamap.fides import Ours


class DynamoAccess(Ours):
    """How a DynamoDB collection is reached: its table, and the key field by which rows of a person are queried."""

    table: str
    query_by: str
    index: str | None = None
    item_prefix: str | None = None
    """Only items whose sort key begins so belong to the collection; several collections may share a table."""
    write_units: float | None = Attribute(default=None, gt=0)
    """Units of write capacity that one erasure may take from the table a second; without, as many as it gets."""


class ObjectAccess(Ours):
    """How an object collection is reached: every object under the prefix, with `{account_id}` filled in."""

    bucket: str
    prefix: str


class LakeAccess(Ours):
    """How a collection of a data lake is reached: every object under the prefix, all of one format.

    Which fields say whose a row is, is said at the fields (`key`, `identifies: one`), also nested ones. Objects whose
    name begins with `_` or `.` are not data (Hive's convention) and are left alone.
    """

    bucket: str
    prefix: str
    format: Literal["jsonl", "parquet"]
    """JSON Lines, under gzip or plain; or Parquet."""
    partition: tuple[str, ...] = ()
    """Fields that stand in the keys of the objects, as in `dt=2026-11-25/`, and not in the rows."""


class CognitoAccess(Ours):
    """How the users of a Cognito user pool are reached: by their username, which is the account id.

    Cognito makes the pool's id, and two pools may have one name, so the map names the parameter that holds the id.
    """

    user_pool: str
    """Name of the SSM parameter with the id of the pool."""
