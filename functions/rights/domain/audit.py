"""The hash chain over a request's events: whoever changes one event breaks every later hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

START = "0" * 64
"""What the first event names as its predecessor."""


def event_hash(facts: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of an event's facts, among them the hash of the event before."""
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def chain_holds(events: Iterable[Mapping[str, Any]], head: str) -> bool:
    """Tell whether events (facts plus `hash`, in order of version) chain up to `head` without a gap."""
    previous = START
    for version, event in enumerate(events, start=1):
        facts = {name: value for name, value in event.items() if name != "hash"}
        if facts["previous"] != previous or facts["version"] != version or event["hash"] != event_hash(facts):
            return False
        previous = event["hash"]
    return previous == head
