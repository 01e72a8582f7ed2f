"""StoreCognito: the connector for sign-ins in Cognito user pools."""

from typing import Any

from rights.handler import guarded
from rights.stores.cognito import connect
from rights.stores.door import serve


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a store's task, read back, or answer a sealed question."""
    return serve(event, context, "cognito", connect)
