"""`make costs`: what one access and one deletion cost on AWS, counted in the local cloud and priced by hand.

`python -m local.costs` counts a request of each sort and writes `docs/costs.json` (the counts) and `docs/costs.md` (the
counts priced); `--render` writes the page alone. Tests hold the page to the counts, the template and the prices, and
the counts of states to what the state machine does.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.calls import counting, states_entered
from local.cloud import ROOT, Cloud, Options, running
from local.journey import ENDS, Visitor
from local.mall import Person
from local.transform import load_template

COUNTS, PAGE = ROOT / "docs" / "costs.json", ROOT / "docs" / "costs.md"
RIGHTS = ("access", "deletion")

PRICES_OF = "2026-11-25"
_MILLION = 1_000_000
PRICES = {
    "state transition": 25.0 / _MILLION,
    "invocation": 0.20 / _MILLION,
    "GB-second (arm64)": 13.3334 / _MILLION,
    "API Gateway call": 4.25 / _MILLION,
    "DynamoDB read unit": 0.1425 / _MILLION,
    "DynamoDB write unit": 0.7125 / _MILLION,
    "KMS call": 3.0 / _MILLION,
    "KMS signature": 15.0 / _MILLION,
    "S3 write or list": 5.0 / _MILLION,
    "S3 read": 0.40 / _MILLION,
    "SQS call": 0.40 / _MILLION,
    "secret read": 5.0 / _MILLION,
    "mail": 100.0 / _MILLION,
}
"""US dollars in ap-southeast-1, list prices as they were written down by hand on `PRICES_OF`, without free tiers."""

SMS_PRICE = 0.10
"""A part of a text message to Cambodia, of the order of; the price of a day and carrier is in the console of SNS."""

_S3_WRITES = ("Put", "Post", "Copy", "List", "Create", "Upload", "Complete")


def main(arguments: list[str]) -> int:
    """Count, unless only the page is asked for, and write the page."""
    if "--render" not in arguments:
        with running(Options(port=0, population=60, cooling_off_seconds=1), print) as cloud:
            COUNTS.write_text(json.dumps(count(cloud), indent=1, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(page(json.loads(COUNTS.read_text("utf-8"))), "utf-8")
    return 0


def count(cloud: Cloud) -> dict[str, Any]:
    """What a request of each sort does, each for an ordinary person, with one look at the status at its end."""
    people = [person for person in cloud.mall.people if not person.special and person.account_id and person.phone]
    # One of each before, which finds every function started.
    for right, person in zip(RIGHTS, people[:2], strict=True):
        played(cloud, right, person)
    return {right: counted(cloud, right, person) for right, person in zip(RIGHTS, people[2:4], strict=True)}


def counted(cloud: Cloud, right: str, person: Person) -> dict[str, Any]:
    """The counts of one request."""
    with counting(cloud) as found:
        request_id = played(cloud, right, person)
    calls: dict[str, int] = {f"{service} {call}": number for (service, call), number in found.calls.items()}
    return {
        "records": sum(len(rows) for rows in person.rows.values()),
        "states": dict(states_entered(cloud, request_id)),
        "invocations": dict(found.invocations),
        "seconds": {name: round(seconds, 2) for name, seconds in found.seconds.items()},
        "calls": calls,
        "units": {name: round(units, 1) for name, units in found.units.items()},
    }


def played(cloud: Cloud, right: str, person: Person) -> str:
    """A request from its form to its end; a person looks at its status once, after it has ended."""
    visitor = Visitor(cloud.base_url, cloud.mailbox)
    try:
        before = visitor.messages(person.phone)
        filed = visitor.ask(right, person.phone)
        visitor.enter_code(filed, visitor.read_code(filed, before, 120)).raise_for_status()
        _wait_for_the_end(cloud, filed.request_id)
        visitor.look(filed)
        return filed.request_id
    finally:
        visitor.close()


def _wait_for_the_end(cloud: Cloud, request_id: str, seconds: float = 300.0) -> None:
    """Look into the ledger past the functions, so that waiting is not counted."""
    table, key = cloud.outputs["LedgerTableName"], {"PK": {"S": f"REQUEST#{request_id}"}, "SK": {"S": "STATE"}}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        item = cloud.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        if item["status"]["S"] in ENDS:
            return
        time.sleep(0.5)
    message = f"the request did not end within {seconds:.0f} s"
    raise TimeoutError(message)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill."""

    what: str
    amount: float

    @property
    def dollars(self) -> float:
        """What it costs."""
        return self.amount * PRICES[self.what]


def bill(counts: Mapping[str, Any], memory: Mapping[str, int]) -> list[Line]:
    """The lines of one request's bill; `memory` is each function's, in MB."""
    calls: dict[str, int] = counts["calls"]

    def of(service: str, *starts: str) -> int:
        return sum(n for name, n in calls.items() if name.startswith(tuple(f"{service} {start}" for start in starts)))

    invocations: dict[str, int] = counts["invocations"]
    gigabytes = sum(memory[name] / 1024 * seconds for name, seconds in counts["seconds"].items())
    signatures, writes = of("kms", "Sign"), of("s3", *_S3_WRITES)
    return [
        # The start of a run counts as a transition, too.
        Line("state transition", sum(counts["states"].values()) + 1),
        Line("invocation", sum(invocations.values())),
        Line("GB-second (arm64)", round(gigabytes, 2)),
        Line("API Gateway call", invocations.get("PublicApi", 0)),
        Line("DynamoDB read unit", counts["units"].get("read", 0)),
        Line("DynamoDB write unit", counts["units"].get("write", 0)),
        Line("KMS call", of("kms", "") - signatures),
        Line("KMS signature", signatures),
        Line("S3 write or list", writes),
        Line("S3 read", of("s3", "") - writes),
        Line("SQS call", of("sqs", "")),
        Line("secret read", of("secretsmanager", "")),
        Line("mail", of("sesv2", "SendEmail") + of("ses", "SendEmail")),
    ]


def memory_of_functions() -> dict[str, int]:
    """The memory of every function in MB, as the template says."""
    template = load_template(ROOT / "template.yaml")
    usual = int(template["Globals"]["Function"]["MemorySize"])
    functions = {n: r for n, r in template["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}
    return {n.removesuffix("Function"): int(r["Properties"].get("MemorySize", usual)) for n, r in functions.items()}


def page(counts: Mapping[str, Any]) -> str:
    """The page of these counts."""
    return "\n".join(_page(counts)) + "\n"


_HEAD = """# Costs

Written by `make costs`; do not edit. One request of each sort is played in the local cloud by an ordinary person of the
sample mall ({records}), with every function started already: the form, the
code, one look at the status at the end. Everything is counted that the functions do meanwhile; what runs by the clock
is left out. Seconds are wall time on the machine that counted, which was busy: they are more than AWS would bill.
Prices: list prices of ap-southeast-1 in US dollars, written down by hand on {day}, without free tiers.
"""

_BESIDE = """Text messages come beside it: {texts}, each of one part or more at about {price:.2f} dollars to
Cambodia. Not counted: logs, storage, the capacity of the mall's own PostgreSQL, and what runs by the clock.
"""


def _page(counts: Mapping[str, Any]) -> Iterator[str]:
    memory = memory_of_functions()
    bills = {right: bill(counts[right], memory) for right in RIGHTS}
    records = " and ".join(f"{counts[right]['records']:,} records for the {right}" for right in RIGHTS)
    yield _HEAD.format(records=records, day=PRICES_OF)
    yield "| | " + " | ".join(f"{right} | dollars" for right in RIGHTS) + " |"
    yield "|---|" + "--:|--:|" * len(RIGHTS)
    for lines in zip(*bills.values(), strict=True):
        cells = " | ".join(f"{line.amount:,.10g} | {line.dollars:.6f}" for line in lines)
        yield f"| {lines[0].what} | {cells} |"
    totals = {right: sum(line.dollars for line in lines) for right, lines in bills.items()}
    yield "| **one request** | " + " | ".join(f" | **{total:.5f}**" for total in totals.values()) + " |"
    yield "| a thousand requests | " + " | ".join(f" | {total * 1000:.2f}" for total in totals.values()) + " |"
    yield ""
    sent = {right: counts[right]["calls"].get("sns Publish", 0) for right in RIGHTS}
    texts = ", ".join(f"{number} for the {right}" for right, number in sent.items())
    yield _BESIDE.format(texts=texts, price=SMS_PRICE)
    yield from _details(counts)


def _details(counts: Mapping[str, Any]) -> Iterator[str]:
    for title, part in (("States entered", "states"), ("Invocations", "invocations"), ("Calls of AWS", "calls")):
        yield f"## {title}"
        yield ""
        yield f"| | {' | '.join(RIGHTS)} |"
        yield "|---|" + "--:|" * len(RIGHTS)
        for name in sorted({name for right in RIGHTS for name in counts[right][part]}):
            yield f"| {name} | {' | '.join(str(counts[right][part].get(name, 0)) for right in RIGHTS)} |"
        yield ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
