"""``make demo``: the main job from end to end, with real processes, TLS and a verdict.

Starts a mock, shows the vendor's own requests being answered, runs the reference connector, and lets the
harness judge it and a faulty one. Everything that it starts, it stops.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
BIN: Final = Path(sys.executable).parent
REPORTS: Final = ROOT / "demo-report"
#: What the harness prints at the end of a run that found faults.
FAULTS: Final = 1


@dataclass(frozen=True)
class Mock:
    """A running mock, as its ready file describes it."""

    api: str
    console: str
    token: str
    control_token: str
    ca_file: str

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do a control action in the default world."""
        response = httpx.request(
            method,
            f"{self.console}/control/v1/worlds/default/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.control_token}"},
        )
        response.raise_for_status()
        return response.json()


class Demo:
    """Six steps, told as they happen."""

    def __init__(self, folder: Path, out: Console) -> None:
        self._folder = folder
        self._out = out
        self._step = 0
        self._environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}

    def run(self) -> None:
        """Run all of it."""
        with self._mock() as mock:
            ids = self._make_alerts(mock)
            self._guide(mock, ids)
            self._connector(mock, ids)
        self._judge()
        self._out.print("\nEverything that was started has been stopped.")

    @contextmanager
    def _mock(self) -> Iterator[Mock]:
        self._say("A mock KUMA over HTTPS")
        ready_file = self._folder / "ready.json"
        command = [str(BIN / "mock-kuma"), "serve", "--port", "0", "--console-port", "0", "--seed", "2026"]
        command += ["--ready-file", str(ready_file), "--data-folder", str(self._folder / "ca")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                while not ready_file.exists():
                    if process.poll() is not None:
                        raise SystemExit("the mock did not start; see above")
                    time.sleep(0.01)
                found = json.loads(ready_file.read_text(encoding="utf-8"))
                mock = Mock(**{name: found[name] for name in Mock.__dataclass_fields__})
                self._out.print(f"  vendor API  {mock.api}\n  CA file     {mock.ca_file}")
                yield mock
            finally:
                process.terminate()

    def _make_alerts(self, mock: Mock) -> list[str]:
        self._say("A world of alerts with events")
        ids = mock.control("POST", "alerts", {"generate": {"count": 300, "events": 3, "spacing_ms": 20_000}})[
            "ids"
        ]
        shown = mock.control("GET", f"alerts/{ids[0]}")
        event = shown["events"][0]
        self._out.print(f"  300 alerts, 3 correlation events each; the newest: {escape(shown['name'])}")
        self._out.print(
            f"    {escape(str(event.get('Message', event['Name'])))} ({event.get('Technique', '')})"
        )
        return list(ids)

    def _guide(self, mock: Mock, ids: list[str]) -> None:
        self._say("The requests of the vendor's SOAR guide, word for word")
        headers = {"authorization": f"Bearer {mock.token}", "content-type": "application/json"}
        trust = ssl.create_default_context(cafile=mock.ca_file)
        with httpx.Client(base_url=mock.api, headers=headers, verify=trust) as client:
            self._show(
                "GET",
                "api/v1/alerts/?withEvents&status=new",
                client.get("/api/v1/alerts/?withEvents&status=new"),
            )
            body = json.dumps({"id": ids[-1], "reason": "responded"})
            self._show("POST", "api/v1/alerts/close", client.post("/api/v1/alerts/close", content=body), body)
            self._show("POST", "api/v1/alerts/close", client.post("/api/v1/alerts/close", content=body), body)

    def _show(self, method: str, path: str, response: httpx.Response, body: str = "") -> None:
        self._out.print(f"  [bold]{method} {path}[/bold]")
        self._out.print("    authorization: Bearer <token>\n    content-type: application/json")
        if body:
            self._out.print(f"    {escape(body)}")
        text = response.text
        if response.headers.get("content-type") == "application/json" and isinstance(response.json(), list):
            alerts = response.json()
            text = f"{len(alerts)} alerts, {sum(len(alert['events']) for alert in alerts)} events"
        self._out.print(f"    [green]→ {response.status_code}[/green] {escape(text)}")

    def _connector(self, mock: Mock, ids: list[str]) -> None:
        self._say("The reference connector: receive, grow, receive again, close")
        config = self._folder / "kuma.toml"
        config.write_text(f'url = "{mock.api}"\nca_file = "{mock.ca_file}"\n', encoding="utf-8")
        connector = ["kuma-connector", "--config", str(config)]
        environment = {**self._environment, "KUMA_TOKEN": mock.token}
        self._call([*connector, "poll"], environment)
        for alert in ids[:3]:
            mock.control("POST", f"alerts/{alert}/events", {"generate": 2})
        self._out.print("  new data arrives in KUMA: 2 events for each of 3 alerts")
        self._call([*connector, "poll"], environment)
        listed = self._read([*connector, "incidents", "--json"], environment)
        incidents = json.loads(listed)
        alerts = {incident["alert_id"] for incident in incidents}
        grown = [len(incident["event_ids"]) for incident in incidents if incident["alert_id"] in ids[:3]]
        if len(incidents) != len(alerts) or grown != [5, 5, 5]:
            raise SystemExit(
                f"{len(incidents)} incidents for {len(alerts)} alerts, the grown hold {grown} events"
            )
        self._out.print(f"    {len(incidents)} incidents for {len(alerts)} alerts: none doubled")
        self._out.print("    the 3 that grew hold 5 events each")
        self._call([*connector, "close", ids[0], "--reason", "responded"], environment)
        closed = mock.control("GET", f"alerts/{ids[0]}")
        self._out.print(
            f"    in KUMA the alert is now [green]{closed['status']}[/green]: {closed['closingReason']}"
        )

    def _judge(self) -> None:
        verdicts = []
        for name, file, expected in (
            ("reference", ROOT / "fixtures/reference.toml", 0),
            ("naive", ROOT / "tests/harness/mutants/naive.toml", FAULTS),
        ):
            self._say(f"The harness judges the {name} connector (profile core)")
            command = ["kuma-harness", "run", str(file), "--profile", "core", "--out", str(REPORTS / name)]
            verdicts.append((name, self._stream(command), expected))
        self._explain(REPORTS / "naive" / "results.json")
        self._out.print("\n[bold]Reports[/bold]")
        for name, code, expected in verdicts:
            if code != expected:
                raise SystemExit(f"the verdict on {name} was {code}, expected {expected}")
            word = "[green]passes[/green]" if code == 0 else "[red]does not pass[/red]"
            self._out.print(f"  {name:<10} {word}   {(REPORTS / name / 'report.html').relative_to(ROOT)}")

    def _explain(self, results: Path) -> None:
        checks = json.loads(results.read_text(encoding="utf-8"))["checks"]
        failed = next(check["id"] for check in checks if check["verdict"] == "fail")
        self._say(f"Why it failed: kuma-harness explain {failed}")
        self._stream(["kuma-harness", "explain", failed])

    def _say(self, title: str) -> None:
        self._step += 1
        self._out.print(f"\n[bold cyan]{self._step}. {title}[/bold cyan]")

    def _call(self, command: list[str], environment: dict[str, str]) -> None:
        self._out.print(f"  [dim]$[/dim] {' '.join(command[:1] + command[3:])}")
        self._out.print(f"    {escape(self._read(command, environment).strip())}")

    def _read(self, command: list[str], environment: dict[str, str]) -> str:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{result.stderr}")
        return result.stdout

    def _stream(self, command: list[str]) -> int:
        with subprocess.Popen(command, env=self._environment, cwd=ROOT) as process:
            try:
                return process.wait()
            finally:
                process.terminate()


def main() -> None:
    """Run the demo in a folder that is gone afterwards."""
    out = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mock-kuma-demo-") as folder:
        Demo(Path(folder), out).run()
    out.print(f"Done in {time.monotonic() - started:.0f} seconds.")


if __name__ == "__main__":
    main()
