"""StoreLake: the connector for data lakes on S3."""

from typing import Any

from rights.domain.rights import Operation
from rights.handler import guarded
from rights.stores.door import serve
from rights.stores.lake import connect
from rights.stores.work import Doings
from rights.stores.works.lake import LakeErase, LakeExport

DOINGS: Doings = {
    Operation.EXPORT: lambda tools, _: LakeExport(tools),
    Operation.ERASE: lambda tools, _: LakeErase(tools),
}


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a store's task, read back, or answer a sealed question."""
    return serve(event, context, "lake", connect, DOINGS)
