"""The ledger as a store, put together: the one store that needs no role of somebody else's."""

from rights.datamap import StoreMap
from rights.stores.contract import Connector
from rights.stores.own_ledger import OwnLedger
from rights.stores.roles import Roles
from rights.wiring import hmac, ledger


def connect(store: StoreMap, _roles: Roles) -> Connector:
    """The connector of this system's own ledger."""
    return OwnLedger(store, ledger(), hmac())
