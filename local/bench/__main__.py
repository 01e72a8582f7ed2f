"""`make bench`: run the benchmarks and write their table."""

import importlib
import math
import os
import pkgutil
import platform
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import local.bench
from local.bench.measure import Row

_HEAD = (
    "| what | amount | a second | seconds | peak MB | floor, seconds | floor, MB | ratio | promised |",
    "|---|--:|--:|--:|--:|--:|--:|--:|---|",
)


def rows(wanted: Iterable[str]) -> Iterator[Row]:
    """The rows of all benchmarks, or of those named (`postgres` for `bench_postgres.py`)."""
    names = sorted(m.name for m in pkgutil.iter_modules(local.bench.__path__) if m.name.startswith("bench_"))
    chosen = set(wanted)
    for name in names:
        if not chosen or name.removeprefix("bench_") in chosen:
            yield from importlib.import_module(f"local.bench.{name}").rows()


def _megabytes(measured: float) -> str:
    """Empty where many processes had a part in it."""
    return "" if math.isnan(measured) else f"{measured:.0f}"


def line(row: Row) -> str:
    """One row of the table."""
    floor = (
        (f"{row.floor.seconds:.2f}", _megabytes(row.floor.peak_mb), f"{row.ratio:.2f}") if row.floor else ("", "", "")
    )
    cells = (
        row.what,
        f"{row.amount:,} {row.unit}",
        f"{row.per_second:,.0f}",
        f"{row.ours.seconds:.2f}",
        _megabytes(row.ours.peak_mb),
        *floor,
        row.bound,
    )
    return f"| {' | '.join(cells)} |"


def _machine() -> Iterator[str]:
    """Where and when the table was made, and how busy the machine was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    yield f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {memory:.0f} GB,"
    yield f"Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f} at the start."


def main(arguments: list[str]) -> None:
    """Print the table as it grows; with `--write FILE` put it there too."""
    target = Path(arguments.pop(arguments.index("--write") + 1)) if "--write" in arguments else None
    lines = [*_machine(), "", *_HEAD]
    print("\n".join(lines))
    for row in rows(a for a in arguments if not a.startswith("--")):
        lines.append(line(row))
        print(lines[-1], flush=True)
    if target:
        target.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
