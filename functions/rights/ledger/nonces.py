"""The nonces of affiliates' signatures: each lets one call in. All that the authoriser has to do with the ledger."""

from rights.clock import Clock
from rights.ledger.table import Table, Update


class Nonces:
    """Which nonces were used."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def used_first(self, affiliate: str, nonce: str, until: int) -> bool:
        """Write a nonce down until it can do no harm (seconds since 1970); tell whether it was not there.

        DynamoDB deletes what has expired days later, so one that should be gone is written over.
        """
        update = Update({"PK": f"NONCE#{affiliate}#{nonce}", "SK": "USED"}).set(expires=until)
        now = int(self._clock().timestamp())
        update.when("attribute_not_exists(PK) OR {expires} <= {=now}", now=now)
        return self._table.update(update) is not None
