"""What was kept until a date: judged again as of today, erased where nothing keeps it any more, and read back."""

import json
from collections.abc import Mapping
from typing import Any

from rights.domain.identity import KeySet
from rights.stores.contract import Connector, ErasurePage


def expire(connector: Connector, question: Mapping[str, Any]) -> ErasurePage:
    """What is to happen to the rows of a `collection` as of `today`, after those under `erase` were erased.

    `rows` and `erase` are row keys. Only what is due is erased, whatever the question says: a dispute that was opened
    since it was planned keeps its row. May run twice.
    """
    name, keys, today = question["collection"], KeySet.from_mapping(question["keys"]), question["today"]
    page = connector.plan_rows(name, keys, question["rows"], today)
    wanted = {key_text(key) for key in question["erase"]}
    due = [change for change in page.doing() if key_text(change.key) in wanted]
    if not due:
        return page
    connector.apply_page(name, keys, ErasurePage(due))
    return connector.plan_rows(name, keys, question["rows"], today)


def key_text(key: Mapping[str, Any]) -> str:
    """A row key as text that is the same for the same key."""
    return json.dumps(key, sort_keys=True)
