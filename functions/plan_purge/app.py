"""PlanPurge: who is in this batch, and which objects of the lake are next."""

from typing import Any

from rights.datamap import load_data_map
from rights.handler import guarded
from rights.lakes import open_lake
from rights.purging import Planning, PlanSettings, PurgeInput, lake_of
from rights.settings import load
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Gather the requests once, then name chunk after chunk of the lake's objects."""
    step = PurgeInput.model_validate(event)
    planning = Planning(ledger(), open_lake, load(PlanSettings).purge_most)
    return planning.run(lake_of(load_data_map(), step.store), step.batch)
