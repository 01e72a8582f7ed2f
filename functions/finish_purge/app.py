"""FinishPurge: each request of a batch is told what was taken out for it."""

from typing import Any

from rights.datamap import load_data_map
from rights.handler import guarded
from rights.purging import Finishing, FinishSettings, PurgeInput, lake_of
from rights.settings import load
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Answer every waiting request, and forget the batch with its keys."""
    step = PurgeInput.model_validate(event)
    finishing = Finishing(ledger(), load(FinishSettings).backup_days)
    return finishing.run(lake_of(load_data_map(), step.store), step.batch)
