"""What is kept until a date.

A `RETAINED` item outlives the sealed data of its request, and holds just what is needed to erase its rows. It lies in
the index of due dates, so nothing is lost however long nobody looked. It goes only in one transaction with the event
that tells of it, after the rows were read back.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from rights.errors import UnknownRequestError
from rights.ledger.model import Request, RetainedRows
from rights.ledger.requests import Change, Requests
from rights.ledger.table import SHARDS, Item, Update, request_key, shard_of

_DUE = "RETAINED"


class Retained(Requests):
    """Rows that are kept until a date."""

    def retain(self, request_id: str, bundles: Sequence[RetainedRows]) -> None:
        """Remember rows of a request that are kept until a date; the same name again writes the same place again."""
        if bundles:
            known_as = tuple((self.table.get(request_key(request_id)) or {}).get("known_as", ()))
            self.table.put_many([self._bundle(replace(one, known_as=known_as)) for one in bundles])

    def due_on(self, today: date) -> Iterator[list[Item]]:
        """The bundles whose last day is before today, oldest date first, as lists of keys: one date and shard each.

        From an index: read again before you act on one.
        """
        yesterday = (today - timedelta(days=1)).isoformat()
        for shard in range(SHARDS):
            listed: list[Item] = []
            for item in self.table.query_index("by_due", "due_shard", f"{_DUE}#{shard}", "due_at", yesterday):
                if listed and listed[0]["PK"] != item["PK"]:
                    yield listed
                    listed = []
                listed.append({"PK": item["PK"], "SK": item["SK"]})
            if listed:
                yield listed

    def retained_rows(self, key: Item) -> RetainedRows | None:
        """A bundle, opened; `None` once it is done with."""
        item = self.table.get(key)
        if item is None:
            return None
        request_id, store, collection, label = item["SK"].split("#", 3)
        sealed = self.sealer.open(request_id, item["sealed"])
        intent = item.get("intent_sealed")
        return RetainedRows(
            request_id=request_id,
            store=store,
            collection=collection,
            label=label,
            until=item["due_at"],
            ground=item["ground"],
            reason=item["reason"],
            keys=sealed["keys"],
            rows=sealed["rows"],
            intent=self.sealer.open(request_id, intent) if intent else None,
            known_as=tuple(item.get("known_as", ())),
        )

    def intend(self, rows: RetainedRows, intent: list[list[Any]]) -> RetainedRows:
        """Record what is about to be erased, so that its counts survive a crash."""
        update = Update(_key(rows)).set(intent_sealed=self.sealer.seal(rows.request_id, intent))
        self.table.update(update.when("attribute_exists(PK)"))
        return replace(rows, intent=intent)

    def settle(
        self, rows: RetainedRows, code: str, detail: Mapping[str, str | int], still: Sequence[RetainedRows]
    ) -> None:
        """End a bundle: tell of it on the request, and put what is still there under its new dates, all or nothing.

        Does nothing if somebody else has ended it. A request whose own record has ended by now gets no event.
        """
        parts = [
            self.table.delete_op(_key(rows), "attribute_exists(PK)"),
            *(self.table.put_op(self._bundle(replace(one, label=_fresh(one)))) for one in still),
        ]

        def decide(_: Request) -> Change | None:
            return Change(code=code, detail=detail, also=parts) if self.table.get(_key(rows)) else None

        try:
            self.change(rows.request_id, decide)
        except UnknownRequestError:
            self.table.transact(parts)

    def _bundle(self, rows: RetainedRows) -> Item:
        return _key(rows) | {
            "ground": rows.ground,
            "reason": rows.reason,
            "count": len(rows.rows),
            "known_as": list(rows.known_as),
            "sealed": self.sealer.seal(rows.request_id, {"keys": rows.keys, "rows": rows.rows}),
            "due_shard": f"{_DUE}#{shard_of(rows.request_id)}",
            "due_at": rows.until,
        }


def _key(rows: RetainedRows) -> Item:
    return {
        "PK": f"RETAINED#{rows.until}#{shard_of(rows.request_id)}",
        "SK": f"{rows.request_id}#{rows.store}#{rows.collection}#{rows.label}",
    }


def _fresh(rows: RetainedRows) -> str:
    """A label of its own: under the new date there may be rows of the same page already."""
    return f"{rows.label.partition('~')[0]}~{secrets.token_hex(6)}"
