"""VerifyIdentity: codes to the typed contacts that are on file, and a wait for the proof."""

from typing import Any

from rights.asking import StoreFunctions, Stores
from rights.clients import client
from rights.datamap import load_data_map
from rights.handler import guarded
from rights.proof import ask_for_proof
from rights.settings import load
from rights.step import WaitInput
from rights.wiring import ledger, sealer


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> None:
    """Begin to wait for the proof; the answer goes to the execution by its task token."""
    step = WaitInput.model_validate(event)
    stores = Stores(client("lambda"), load(StoreFunctions), load_data_map(), sealer())
    ask_for_proof(step.request_id, step.task_token, int(step.seconds), ledger(), stores)
