"""The ledger whole: what its parts promise together, under one name."""

from rights.ledger.steps import Steps


class Ledger(Steps):
    """The one table of all requests: intake, proof, waits, tasks, notices, outbox and the steps over them.

    Every write is conditional or idempotent. Each part is a file of its own, and none knows the ones above it:
    requests < waits, notices, tasks, outbox < identity < steps.
    """
