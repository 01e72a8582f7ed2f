"""Assemble: build the package of an access, and the certificate of what was done."""

from typing import Any

from rights.assembling import Assembler, AssembleSettings
from rights.clients import client
from rights.datamap import load_data_map
from rights.handler import guarded
from rights.settings import load
from rights.step import StepInput
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """Build what this request ends in, once."""
    step = StepInput.model_validate(event)
    assembler = Assembler(ledger(), client("s3"), client("kms"), load_data_map(), load(AssembleSettings))
    request = assembler.assemble(step.request_id)
    return {"package": request.package is not None, "certificate": request.certificate is not None}
