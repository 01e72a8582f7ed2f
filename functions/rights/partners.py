"""Partners, put together: each registered in the data map, reached by the guarded transport, remembered per process."""

import socket
from collections.abc import Callable
from functools import cache, partial

from rights.clock import utc_now
from rights.datamap import load_data_map
from rights.datamap.partners import Partner
from rights.errors import DataMapError
from rights.settings import only_locally
from rights.stores.door import store_of
from rights.stores.opendsr.addresses import Place, StandIns, place_of
from rights.stores.opendsr.processor import Processor
from rights.stores.opendsr.transport import Access, Transport, authorities

CALLBACKS = "/opendsr/v2/callbacks"
"""Where partners tell us how a request stands, below the base URL."""

AccessOf = Callable[[Partner], Access]


def no_access(_partner: Partner) -> Access:
    """For calls that need nobody's leave: what a partner says of itself, and its certificate."""
    return Access()


@cache
def stand_ins() -> StandIns:
    """The partners that a local cloud plays; none anywhere else."""
    return StandIns(only_locally("LOCAL_PARTNERS"))


@cache
def processor_of(store: str, access_of: AccessOf = no_access) -> Processor:
    """The partner of this store; DataMapError if the store is none."""
    found = store_of(store, "partner").rights.partner
    if found is None:
        raise DataMapError("a partner says how it is reached")
    place = partial(place_of, found.host, found.port, stand_ins(), socket.getaddrinfo)
    transport = Transport(found.host, place, partial(access_of, found))
    return Processor(found, transport, partial(_authorities, found.host), utc_now)


def _authorities(host: str) -> str:
    return authorities(stand_ins().of(host) or Place("", 0))


def is_partner(store: str) -> bool:
    """Tell whether the data map has this partner still."""
    return any(one.fides_key == store and one.rights.partner for one in load_data_map().stores)
