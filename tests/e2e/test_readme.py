"""What the README shows works as it stands there."""

from __future__ import annotations

import contextlib
import io
import re
import ssl
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from connector import settings

if TYPE_CHECKING:
    from tests.e2e.conftest import Server

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the README's code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_two_commands_exist() -> None:
    """``make demo`` and ``make test`` are targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert "make demo" in README
    assert re.search(r"^demo:", makefile, re.MULTILINE)
    assert re.search(r"^test:", makefile, re.MULTILINE)


def test_the_connectors_settings_are_read(tmp_path: Path) -> None:
    """The example of the README is a settings file."""
    (text,) = [block for block in blocks("toml") if "token_env" in block]
    file = tmp_path / "kuma.toml"
    file.write_text(text, encoding="utf-8")

    found = settings.load(file, {"KUMA_TOKEN": "secret"})

    assert (found.url, found.token) == ("https://kuma.example.com:7223", "secret")


def test_the_connector_file_is_toml() -> None:
    """With the table that the harness reads."""
    (text,) = [block for block in blocks("toml") if "[connector]" in block]

    assert tomllib.loads(text)["connector"]["transport"] == "stdio"


def test_the_library_example_runs(server: Server) -> None:
    """Against a real mock, with its address in place of the example's."""
    (code,) = (block for block in blocks("python") if "Client(" in block)
    world, token = server.new_world()
    server.control("POST", f"/worlds/{world}/alerts", {"generate": {"count": 1}})
    names: dict[str, Any] = {"token": token, "path": server.ca_file}

    exec(code.replace("https://kuma.example.com:7223", server.api), names)
    names["client"].disconnect()

    assert server.control("GET", f"/worlds/{world}")["alerts"]["closed"] == 1


def test_the_example_of_a_test_runs() -> None:
    """A connector that asks once stands in for the reader's."""

    def your_connector(url: str, *, token: str, ca_file: str | None) -> None:
        context = ssl.create_default_context(cafile=ca_file)
        headers = {"Authorization": f"Bearer {token}"}
        httpx.get(f"{url}/api/v1/alerts/?withEvents&status=new", headers=headers, verify=context)

    (code,) = (block for block in blocks("python") if "running()" in block)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, {"your_connector": your_connector})

    assert "/api/v1/alerts/" in said.getvalue()


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_file_that_it_links_to_is_there(link: str) -> None:
    """Pictures included."""
    assert (ROOT / link).exists()
