"""How the pieces are put together in a function: once per process, when first needed."""

from functools import cache

from rights.clients import client
from rights.clock import utc_now
from rights.ledger import Ledger
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from rights.settings import LedgerSettings, load
from rights.tally import Tally


@cache
def sealer() -> Sealer:
    """The sealer of this system's key."""
    return Sealer(client("kms"), load(LedgerSettings).seal_key_id)


@cache
def hmac() -> Hmac:
    """Keyed hashes under the system's secret, which only the functions that tag something ever read."""
    return Hmac(_secret)


def _secret() -> bytes:
    answer = client("secretsmanager").get_secret_value(SecretId=load(LedgerSettings).secret_id)
    return str(answer["SecretString"]).encode()


@cache
def ledger() -> Ledger:
    """The ledger of this stack."""
    table = Table(client("dynamodb"), load(LedgerSettings).ledger_table)
    return Ledger(table, sealer(), hmac(), utc_now, Tally())
