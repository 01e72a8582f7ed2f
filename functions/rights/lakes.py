"""Reaching the objects of a lake, from the functions that purge it."""

from functools import cache

from rights.clients import client
from rights.datamap import StoreMap
from rights.errors import DataMapError
from rights.settings import Settings, load
from rights.stores.lake_objects import LakeObjects
from rights.stores.roles import Roles


class LakeSettings(Settings):
    """The account in which a store's role lies unless its map says otherwise."""

    account_id: str


@cache
def roles() -> Roles:
    """The roles of this process, and the clients under them."""
    return Roles(client("sts"), load(LakeSettings).account_id)


def open_lake(store: StoreMap, collection: str) -> LakeObjects:
    """The objects of one collection, under the role that the data map names."""
    access = store.collection(collection).rights.lake
    if access is None:
        raise DataMapError(f"{collection}: a collection of a lake says under `lake` where it lies")
    return LakeObjects(roles().client("s3", store.rights.role_arn), roles().fill(access.bucket), access.prefix)
