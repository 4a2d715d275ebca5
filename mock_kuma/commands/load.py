"""``mock-kuma load``: a believable stream of alerts, in real time, for whoever watches a connector work.

Enters by the control API like any test. What comes next is drawn from a seed: mostly new alerts, often more
data for one of the last, now and then an analyst who takes or closes one. Rule: an alert that a connector has
closed meanwhile is no reason to stop.
"""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any

import click

from mock_kuma.commands import terminal

#: Alerts that still get data; an older one has gone quiet.
_RECENT = 20


@click.command(
    epilog="Example: mock-kuma load --url http://127.0.0.1:7220 --control-token-file token.txt --rate 30"
)
@click.option("--url", required=True, help="The console's URL.")
@click.option(
    "--control-token-file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the control token, or the ready file.",
)
@click.option("--world", default="default", show_default=True, help="Where the alerts arise.")
@click.option(
    "--rate",
    default=6.0,
    show_default=True,
    type=click.FloatRange(min=0, max=60_000, min_open=True),
    help="Happenings a minute.",
)
@click.option("--count", type=click.IntRange(1), help="Stop after so many.  [default: never]")
@click.option("--seed", default="load", show_default=True, help="Decides what happens.")
def load(url: str, control_token_file: Path, world: str, rate: float, count: int | None, seed: str) -> None:
    """Let alerts arise in a running mock until stopped."""
    import httpx  # noqa: PLC0415 -- so that --help answers at once

    headers = {"Authorization": f"Bearer {_token(control_token_file)}"}
    stream = Stream(Random(seed))  # noqa: S311 -- repeatable on purpose, no secret
    try:
        with httpx.Client(
            base_url=f"{url.rstrip('/')}/control/v1/worlds/{world}/", headers=headers, trust_env=False
        ) as http:
            done = 0
            while count is None or done < count:
                method, path, body = stream.next()
                response = http.request(method, path, json=body)
                if response.status_code not in {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND}:
                    response.raise_for_status()
                elif not path.startswith("alerts/"):
                    raise click.ClickException(terminal.plain(f"{url}: {response.text}"))
                terminal.say(stream.note(path, body, response.status_code, response.json()))
                done += 1
                if count is None or done < count:
                    time.sleep(stream.pause(60 / rate))
    except httpx.HTTPError as error:
        raise click.ClickException(f"{url}: {error}") from error
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


class Stream:
    """What happens next, as control actions; it remembers the alerts that it has raised."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._recent: list[str] = []

    def next(self) -> tuple[str, str, dict[str, Any]]:
        """Return the next action: method, path and body."""
        kind = self._random.choices(("alert", "data", "taken", "closed"), (6, 4, 1, 1))[0]
        if kind == "alert" or not self._recent:
            events = self._random.choice((1, 1, 1, 2, 3, 8))
            return "POST", "alerts", {"generate": {"count": 1, "events": events}}
        alert = self._random.choice(self._recent)
        if kind == "data":
            return "POST", f"alerts/{alert}/events", {"generate": self._random.randint(1, 4)}
        if kind == "taken":
            return "PATCH", f"alerts/{alert}", {"status": "assigned", "assignee": "tier1"}
        self._recent.remove(alert)
        return "PATCH", f"alerts/{alert}", {"status": "closed", "closing_reason": "incorrect data"}

    def pause(self, mean: float) -> float:
        """Return how long nothing happens, in seconds: irregular, ``mean`` on average."""
        return min(self._random.expovariate(1 / mean), 5 * mean)

    def note(self, path: str, body: dict[str, Any], status: int, answer: dict[str, Any]) -> str:
        """Remember what an action did, and return it in words."""
        if status >= HTTPStatus.BAD_REQUEST:
            return f"nothing: {answer['message']}"
        if path == "alerts":
            (alert,) = answer["ids"]
            self._recent = [*self._recent, alert][-_RECENT:]
            return f"alert {alert}: raised with {body['generate']['events']} events"
        alert = path.split("/")[1]
        if path.endswith("/events"):
            fresh = f", as the new alert {answer['alert']}" if answer["opened"] else ""
            return f"alert {alert}: {len(answer['event_ids'])} more events{fresh}"
        return f"alert {alert}: {body['status']}"


def _token(file: Path) -> str:
    text = file.read_text(encoding="utf-8").strip()
    if not text.startswith("{"):
        return text
    return str(json.loads(text)["control_token"])
