"""PlanRequest: who the person is in every store, and what each store has to do."""

from typing import Any

from rights.asking import StoreFunctions, Stores
from rights.clients import client
from rights.datamap import load_data_map
from rights.handler import guarded
from rights.planning import PlanSettings, plan_request
from rights.settings import load
from rights.step import StepInput
from rights.wiring import hmac, ledger, sealer


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Plan the request once; later calls return the plan that was laid."""
    step = StepInput.model_validate(event)
    stores = Stores(client("lambda"), load(StoreFunctions), load_data_map(), sealer())
    return plan_request(step.request_id, ledger(), stores, hmac(), load(PlanSettings)).to_dict()
