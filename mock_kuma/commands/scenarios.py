"""``mock-kuma scenarios``: lists the shipped scenarios, and checks files by telling them to a mock."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mock_kuma.commands import terminal

if TYPE_CHECKING:
    from mock_kuma.scenarios import Scenario


@click.command(epilog="Examples: mock-kuma scenarios; mock-kuma scenarios my-story.toml")
@click.argument("files", nargs=-1)
def scenarios(files: tuple[str, ...]) -> None:
    """List the scenarios, and check them; or check FILES (or names of shipped ones)."""
    from mock_kuma import scenarios as known  # noqa: PLC0415 -- so that --help answers at once

    wrong = 0
    for name in files or known.names():
        try:
            scenario = known.found(name)
            _rehearse(scenario)
        except (known.WrongScenario, known.NoSuchScenario) as error:
            terminal.say(str(error), err=True)
            wrong += 1
            continue
        terminal.say(f"{scenario.name:<18} {len(scenario.steps):>3} steps  {scenario.title}")
        if scenario.techniques:
            terminal.say(f"{'':<29}{', '.join(scenario.techniques)}")
    if wrong:
        raise SystemExit(1)


def _rehearse(scenario: Scenario) -> None:
    """Tell a scenario to a mock that nobody sees; raise WrongScenario if it refuses a step."""
    from mock_kuma import installation  # noqa: PLC0415 -- as above
    from mock_kuma.settings import Settings  # noqa: PLC0415 -- as above

    with tempfile.TemporaryDirectory(prefix="mock-kuma-") as folder:
        settings = Settings(
            host="127.0.0.1",
            port=0,
            console_port=0,
            tls=False,
            store=f"sqlite:///{folder}/rehearsal.db",
            data_folder=Path(folder),
            control_digest=None,
            workers=1,
            wire=True,
            kuma_version="3.2",
            seed="rehearsal",
        )
        installation.prepare(settings, None, scenario=scenario)
