"""What `make run` shows: live progress on a terminal, plain lines elsewhere, and the table at the end."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.journey import Filed
from local.mall import Expectation

COUNTS = ("found", "exported", "erased", "anonymised", "retained")
_STORE_SIGNS = {"done": "[green]✓[/]", "failed": "[red]✗[/]"}


class Reporter:
    """Tells the person at the keyboard what happens."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _console()
        self._live: Live | None = None
        self._filed: list[Filed] = []
        self._last_line = ""

    def say(self, words: str) -> None:
        """One line, now."""
        self.console.print(words, markup=False, soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[None]:
        """While open, `update` redraws the progress on a terminal and prints changes elsewhere."""
        if not self.console.is_terminal:
            yield
            return
        with Live(console=self.console, refresh_per_second=8, transient=True) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def update(self, filed: Filed) -> None:
        """Show where a request is."""
        if filed not in self._filed:
            self._filed.append(filed)
        if self._live:
            self._live.update(Group(*map(_progress_of, self._filed)))
            return
        stores = ", ".join(f"{store['store']}={store['status']}" for store in filed.stores)
        line = f"{filed.right}: {filed.step}" + (f" [{stores}]" if stores else "")
        if line != self._last_line:
            self._last_line = line
            self.say(line)

    def table(self, filed: Filed, expected: Mapping[str, Expectation]) -> None:
        """The final table of one request, and what belongs to it."""
        table = Table(
            title=f"{filed.right} · {filed.state.replace('_', ' ')} · {filed.seconds:.0f} s", title_justify="left"
        )
        table.add_column("store", no_wrap=True)
        for name in COUNTS:
            table.add_column(name, justify="right")
        table.add_column("why it is kept", overflow="fold")
        table.add_column("read back", no_wrap=True)
        table.add_column("as expected")
        for store in filed.stores:
            kept = "\n".join(f"ground {kept['ground']} until {kept['until']}" for kept in _grounds(store))
            right = not differences(store, expected.get(store["store"]))
            counts = (str(store.get(name, 0)) for name in COUNTS)
            table.add_row(store["store"], *counts, kept, _time(store.get("verified_at")), "yes" if right else "NO")
        self.console.print(table)

    def links(self, filed: Filed, base_url: str) -> None:
        """Due date, notice and links of one request, each on its own line so that a terminal can open them."""
        told = f"{filed.notice.channel} at {_time(filed.notice.sent_at)}" if filed.notice else "NO"
        self.say(f"  due by             {filed.status.get('due_at', '')}")
        self.say(f"  person was told    {told}")
        self.say(f"  status page        {base_url}/s/{filed.token}")
        request = f"{base_url}/requests/{filed.request_id}"
        for name in ("package", "certificate"):
            if name in filed.status.get("next", ()):
                self.say(f"  {name:<17}  {request}/{name}  (after the status page)")
        self.say("")


def _console() -> Console:
    console = Console(highlight=False)
    # A log file has no width of its own; the tables need this much.
    return console if console.is_terminal else Console(highlight=False, width=130)


def differences(store: Mapping[str, Any], expected: Expectation | None) -> list[str]:
    """The counts in which a store's answer differs from what the sample data says."""
    if expected is None:
        return ["store"]
    return [name for name in COUNTS if store.get(name, 0) != getattr(expected, name)]


def _grounds(store: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    seen: dict[tuple[Any, Any], Mapping[str, Any]] = {(k["ground"], k["until"]): k for k in store.get("kept") or ()}
    return seen.values()


def _progress_of(filed: Filed) -> Table:
    grid = Table.grid(padding=(0, 1))
    line = Text.assemble((f"{filed.right:<9}", "bold"), f" {filed.step}  {filed.seconds:.0f} s")
    ended = filed.notice is not None
    grid.add_row(Text("✓", style="green") if ended else Spinner("dots"), line)
    for store in filed.stores:
        done = sum(store.get(name, 0) for name in COUNTS[1:])
        sign = _STORE_SIGNS.get(store["status"], "…")
        grid.add_row("", f"{sign} {store['store']:<16} {done}/{store.get('found', 0)} {store['status']}")
    return grid


def _time(moment: str | None) -> str:
    return moment[11:19] if moment else "-"
