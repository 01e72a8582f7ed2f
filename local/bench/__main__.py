"""`make bench`: run the benchmarks and write their table."""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
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


def line(row: Row) -> str:
    """One row of the table."""
    floor = (f"{row.floor.seconds:.2f}", f"{row.floor.peak_mb:.0f}", f"{row.ratio:.2f}") if row.floor else ("", "", "")
    cells = (
        row.what,
        f"{row.amount:,} {row.unit}",
        f"{row.per_second:,.0f}",
        f"{row.ours.seconds:.2f}",
        f"{row.ours.peak_mb:.0f}",
        *floor,
        row.bound,
    )
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str]) -> None:
    """Print the table as it grows; with `--write FILE` put it there too."""
    target = Path(arguments.pop(arguments.index("--write") + 1)) if "--write" in arguments else None
    lines = list(_HEAD)
    print("\n".join(lines))
    for row in rows(a for a in arguments if not a.startswith("--")):
        lines.append(line(row))
        print(lines[-1], flush=True)
    if target:
        target.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
