"""What a shop wants to know of all requests together: how many come in, how many end and how, and how long that takes.

A count follows its change and is no part of it: a function that dies in between leaves it out. The ledger is the truth
about requests; this is what dashboards and alarms are drawn from.
"""

from rights.clock import parse
from rights.ledger.model import Request
from rights.telemetry import MetricUnit, count_of

REQUESTS = "requests"


class Tally:
    """Counts requests by their right, and by how they ended."""

    def received(self, request: Request) -> None:
        """Count a request that came in."""
        count_of(REQUESTS, "RequestsReceived", 1, MetricUnit.Count, {"right": request.right.value})

    def closed(self, request: Request) -> None:
        """Count a request that ended, and the seconds since it was received."""
        by = {"right": request.right.value, "outcome": request.status.value}
        count_of(REQUESTS, "RequestsClosed", 1, MetricUnit.Count, by)
        if request.closed_at is not None:
            seconds = (parse(request.closed_at) - parse(request.received_at)).total_seconds()
            count_of(REQUESTS, "TimeToClose", seconds, MetricUnit.Seconds, by)
