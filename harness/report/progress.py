"""What a person sees while a run goes on, and at its end.

Decides between a live bar on a terminal and plain lines elsewhere. Rule: nothing that a connector says
reaches the terminal unescaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from harness.events import CheckFinished, RunStarted
from harness.report.escaping import line
from harness.report.summary import headline
from harness.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.console import Console

    from harness.events import Event
    from harness.report.results import Results, Row

STYLES: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARN: "yellow",
    Verdict.FLAKY: "magenta",
    Verdict.ERROR: "bold yellow",
    Verdict.WAIVED: "cyan",
}
#: On a terminal only these are worth a line of their own.
_LOUD: Final = frozenset({Verdict.FAIL, Verdict.FLAKY, Verdict.WARN, Verdict.ERROR})


class LiveReport:
    """Shows events as they come."""

    def __init__(self, console: Console, *, unscored: frozenset[str] = frozenset()) -> None:
        self._console, self._unscored = console, unscored
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("Starting", total=None)
        self._played: set[str] = set()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, RunStarted):
            features = ", ".join(event.features) or "none"
            told = f"{event.connector} {event.version} (features: {features}), seed {event.seed}"
            self._console.print(Text(line(told)), soft_wrap=True)
            self._bar.update(self._task, description="Checking", total=len(event.planned))
        elif isinstance(event, CheckFinished):
            self._played.add(event.requirement)
            self._bar.update(self._task, completed=len(self._played))
            if event.verdict in _LOUD or not self._console.is_terminal:
                shown = _case(event, scored=event.requirement not in self._unscored)
                self._console.print(shown, soft_wrap=True)


def show_end(console: Console, results: Results) -> None:
    """Show what a run amounts to."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in results.counts.items())
    style = {"pass": "bold green", "fail": "bold red"}.get(results.verdict, "bold yellow")
    console.print(Text(line(headline(results)), style=style), soft_wrap=True)
    if counts:
        told = f"{counts} in {results.finished.seconds:.0f} s, by requirement set {results.judged_by}"
        console.print(Text(told))
    for told in (*results.stale_waivers, results.finished.trouble):
        if told:
            console.print(Text(line(told), style="bold yellow"), soft_wrap=True)
    if results.failures:
        console.print(_table(results.failures))
    if results.unscored_failures:
        console.print(Text("Not scored yet, so no part of the verdict:"))
        console.print(_table(results.unscored_failures))


def _table(rows: Sequence[Row]) -> Table:
    table = Table("requirement", "verdict", "what happened", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        verdict = Text(row.verdict, style=STYLES.get(row.verdict, "") if row.requirement.scored else "")
        table.add_row(Text(row.requirement.id), verdict, Text(line(row.summary)))
    return table


def _case(event: CheckFinished, *, scored: bool) -> Text:
    name = f"{event.requirement} [{event.case}]" if event.case else event.requirement
    name += "" if scored else " (not scored)"
    return Text.assemble(
        (f"{event.verdict:<12}", STYLES.get(event.verdict, "") if scored else ""),
        f"{name:<28} {line(event.summary)} ({event.seconds:.1f} s)",
    )
