"""What `make run` shows: live progress on a terminal, plain lines elsewhere, and the table at the end."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.journey import Filed
from local.mall import NOT_OF_THE_MALL, Expectation

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
        """The final table of one request: what each store did, and beneath it why something is kept.

        The sign at the end of a row says whether the counts are what the sample data expects.
        """
        title = f"{filed.right}: {filed.state.replace('_', ' ')} after {filed.seconds:.0f} s"
        table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("store", no_wrap=True)
        for name in COUNTS:
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("read back", no_wrap=True)
        table.add_column("", no_wrap=True)
        for store in filed.stores:
            sign = "[red]✗[/]" if differences(store, expected.get(store["store"])) else "[green]✓[/]"
            counts = (str(store.get(name, 0)) for name in COUNTS)
            table.add_row(store["store"], *counts, _checked(store), sign)
        self.console.print(table)
        for store in filed.stores:
            for kept in _grounds(store):
                why = f"ground {kept['ground']} ({kept.get('reason', '')}) until {kept['until'][:10]}"
                self.say(f"  kept in {store['store']:<15}  {why}")

    def links(self, filed: Filed, base_url: str) -> None:
        """Due date, notice and links of one request, each on its own line so that a terminal can open them."""
        told = f"{filed.notice.channel} at {_time(filed.notice.sent_at)}" if filed.notice else "NO"
        self.say(f"  due by             {_day(filed.status.get('due_at'))}")
        self.say(f"  person was told    {told}")
        self.say(f"  status page        {filed.link}")
        request = f"{base_url}/requests/{filed.request_id}"
        for name in ("package", "certificate"):
            if name in filed.status.get("next", ()):
                self.say(f"  {name:<17}  {request}/{name}  (after the status page)")
        self.say("")


def _console() -> Console:
    console = Console(highlight=False)
    # A log file has no width of its own.
    return console if console.is_terminal else Console(highlight=False, width=120)


def differences(store: Mapping[str, Any], expected: Expectation | None) -> list[str]:
    """The counts in which a store's answer differs from what the sample data says, if that says anything of it."""
    if store["store"] in NOT_OF_THE_MALL:
        return []
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


def _checked(store: Mapping[str, Any]) -> str:
    """When it was read back; of a partner, which nobody can read back, what it says and when."""
    if "recipient" not in store:
        return _time(store.get("verified_at"))
    return f"{store['recipient'].get('answer', '-')} {_time(store.get('confirmed_at'))}"


def _day(moment: str | None) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC" if moment else "-"


def _time(moment: str | None) -> str:
    return moment[11:19] if moment else "-"
