"""The adapters to start from: each is short, and right as it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tree_sitter_powershell
from click.testing import CliRunner
from tree_sitter import Language, Parser

import harness.kits
from harness.cli import main
from harness.kits import KITS
from tests.harness.kits import judged, runnable, written

if TYPE_CHECKING:
    from tests.e2e.conftest import Server

FOLDER = Path(harness.kits.__file__).parent
#: Quick, and every call is made; `make kits` plays the whole core.
TELLING = ("UPD-03", "CLOSE-02", "NET-03")
WHOLE = ("javascript", "python")
#: What of these is no part of the core.
BEYOND = ("NET-03",)


@pytest.mark.parametrize("language", sorted(KITS))
def test_a_kit_is_short(language: str) -> None:
    """Under a hundred lines."""
    kit = FOLDER / language / KITS[language].adapter

    assert len(kit.read_text(encoding="utf-8").splitlines()) < 100


@pytest.mark.parametrize("language", WHOLE)
def test_what_init_writes_passes_the_core(language: str, kuma: Server, tmp_path: Path) -> None:
    """Every requirement of the core that its features need."""
    found = judged(language, folder=tmp_path, server=kuma)

    assert (found.exit_code, found.not_right()) == (0, {}), found.printed


@pytest.mark.parametrize("language", runnable())
def test_what_init_writes_passes_what_tells_most(language: str, kuma: Server, tmp_path: Path) -> None:
    """Events, growth, a close that KUMA refuses since it is closed there, and silence as long as is asked."""
    only = BEYOND if language in WHOLE else TELLING

    found = judged(language, folder=tmp_path, server=kuma, only=only)

    assert (found.exit_code, found.verdicts) == (0, dict.fromkeys(only, "pass")), found.printed


def test_the_untried_kit_is_powershell_by_its_grammar(tmp_path: Path) -> None:
    """It could not be run, which `init` says; that much is known of it."""
    told = CliRunner().invoke(main, ["init", "--language", "powershell", str(tmp_path / "acme")])
    parser = Parser(Language(tree_sitter_powershell.language()))

    tree = parser.parse((FOLDER / "powershell" / "adapter.ps1").read_bytes())

    assert [name for name, kit in KITS.items() if not kit.tried] == ["powershell"]
    assert "This adapter has never run" in told.stdout
    assert not tree.root_node.has_error


def test_every_wire_of_the_flow_leads_to_a_node() -> None:
    """What Node-RED would drop without a word; `make engines` runs the flow."""
    nodes = json.loads((FOLDER / "nodered" / "flows.json").read_text(encoding="utf-8"))
    ids = {node["id"] for node in nodes}

    ends = {end for node in nodes for wires in node.get("wires", []) for end in wires}

    assert ends - ids == set()
    assert ids - ends == {"kuma", "trust", "asked", "timer"}


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    """A second time it is one clear line."""
    written("python", tmp_path)

    again = CliRunner().invoke(main, ["init", str(tmp_path)])

    assert again.exit_code == 2
    assert "adapter.py is there already" in again.stderr
