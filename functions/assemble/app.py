"""Assemble: build the package of an access volume by volume, and the certificate of what was done."""

from typing import Any

from rights.assembling import Assembler, AssembleSettings
from rights.clients import client
from rights.datamap import load_data_map
from rights.handler import guarded
from rights.settings import load
from rights.step import StepInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Build the next part of what this request ends in, once, and say whether there is more to build."""
    step = StepInput.model_validate(event)
    assembler = Assembler(ledger(), client("s3"), client("kms"), load_data_map(), load(AssembleSettings))
    return assembler.assemble(step.request_id).to_dict()
