"""StorePartner: the connector for partners who speak OpenDSR."""

from typing import Any

from rights.handler import guarded
from rights.stores.door import serve
from rights.stores.partner import connect


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a store's task, read back, or answer a sealed question."""
    return serve(event, context, "partner", connect)
