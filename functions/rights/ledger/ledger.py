"""The ledger whole: what its parts promise together, under one name."""

from rights.ledger.affiliates import Affiliates
from rights.ledger.anchors import Anchors
from rights.ledger.bulk import Bulks
from rights.ledger.callbacks import Callbacks
from rights.ledger.counter import Counter
from rights.ledger.evidence import Evidence
from rights.ledger.finding import Finding
from rights.ledger.lake import Lake
from rights.ledger.recipients import Recipients
from rights.ledger.records import Records
from rights.ledger.replays import Replays
from rights.ledger.retained import Retained
from rights.ledger.sessions import Sessions
from rights.ledger.steps import Steps
from rights.ledger.timing import Clocks
from rights.ledger.tombstones import Tombstones
from rights.ledger.undelivered import Undelivered
from rights.ledger.views import Views
from rights.ledger.weeks import Weeks


class Ledger(
    Steps,
    Clocks,
    Retained,
    Records,
    Evidence,
    Undelivered,
    Anchors,
    Tombstones,
    Replays,
    Bulks,
    Lake,
    Recipients,
    Counter,
    Sessions,
    Finding,
    Views,
    Weeks,
    Affiliates,
    Callbacks,
):
    """The one table of all requests, from intake through proof, waits and steps to the end of its own records.

    Every write is conditional or idempotent. Each part is a file of its own, and none knows the ones above it:
    requests < waits, notices, tasks, outbox, holds, retained, records, evidence, undelivered, anchors, tombstones,
    replays, bulk, sessions, lookup, views, weeks, affiliates, callbacks, packages < lake, recipients, identity <
    clocks, counter, joining, steps, finding.
    """
