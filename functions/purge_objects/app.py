"""PurgeObjects: everybody's rows out of some objects of a lake."""

from typing import Any

from rights.datamap import load_data_map
from rights.handler import guarded
from rights.lakes import open_lake
from rights.purging import ChunkInput, lake_of
from rights.purging_objects import Working
from rights.telemetry import logger
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Find, rewrite, read back, and delete what held the rows."""
    step = ChunkInput.model_validate(event)
    logger.append_keys(store=step.store)
    return Working(ledger(), open_lake).run(lake_of(load_data_map(), step.store), step.batch, step.chunk)
