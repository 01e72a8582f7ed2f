"""The ledger whole: what its parts promise together, under one name."""

from rights.ledger.retained import Retained
from rights.ledger.steps import Steps


class Ledger(Steps, Retained):
    """The one table of all requests: intake, proof, waits, tasks, notices, outbox, holds, the steps, what is retained.

    Every write is conditional or idempotent. Each part is a file of its own, and none knows the ones above it:
    requests < waits, notices, tasks, outbox, holds, retained < identity < steps.
    """
