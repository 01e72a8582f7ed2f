"""StorePartner: the connector for partners who speak OpenDSR."""

from typing import Any

from rights.handler import guarded
from rights.stores.door import serve
from rights.stores.partner import connect
from store_partner.asking import doings


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go one step on with a partner's task, or answer a sealed question."""
    return serve(event, context, "partner", connect, doings())
