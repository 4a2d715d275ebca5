"""Connector files, and what is said of those that cannot be used."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from harness.settings import BadFile, read

if TYPE_CHECKING:
    from pathlib import Path

IDS = frozenset({"FETCH-01", "CLOSE-04"})
GOOD = '[connector]\nname = "Acme"\ncommand = ["acme"]\n'


def _written(folder: Path, text: str) -> Path:
    path = folder / "acme.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    """Everything but name and command has a default."""
    connector = read(_written(tmp_path, GOOD), requirements=IDS).connector

    assert (connector.name, connector.command, connector.transport) == ("Acme", ["acme"], "stdio")
    assert (connector.deadline_seconds, connector.env) == (30.0, {})


def test_a_waiver_is_read_with_its_date(tmp_path: Path) -> None:
    """TOML has dates, and the contract uses them."""
    text = GOOD + '[[waiver]]\nrequirement = "CLOSE-04"\nreason = "fixed in 2.3"\nuntil = 2027-01-31\n'

    [waiver] = read(_written(tmp_path, text), requirements=IDS).waiver

    assert (waiver.requirement, waiver.until) == ("CLOSE-04", dt.date(2027, 1, 31))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + 'comand = ["x"]\n', "unknown key 'connector.comand'; did you mean 'command'?"),
        (GOOD + "[conector]\n", "unknown key 'conector'; did you mean 'connector'?"),
        (GOOD + '[[waiver]]\nrequirment = "CLOSE-04"\n', "unknown key 'waiver.requirment'; did you mean"),
        (GOOD + '[[waiver]]\nrequirement = "CLOSE-05"\nreason = "x"\n', "did you mean 'CLOSE-04'?"),
        (GOOD + '[[waiver]]\nrequirement = "CLOSE-04"\n', "missing reason"),
        (GOOD + 'deadline_seconds = "soon"\n', "connector.deadline_seconds: expected float, got str"),
        (GOOD + "deadline_seconds = 0\n", "connector.deadline_seconds"),
        ('[connector]\nname = "Acme"\ncommand = "acme"\n', "connector.command: expected array, got str"),
        ('[connector]\nname = "Acme"\ncommand = []\n', "connector.command"),
        ('[connector]\ncommand = ["acme"]\n', "connector: missing name"),
        ("", "missing connector"),
        ("[connector\n", "is not TOML"),
        (GOOD + 'transport = "pigeon"\n', "connector.transport: invalid enum value 'pigeon'"),
        ("connector = 1\n", "connector: expected object, got int"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    """The sentence says where, what, and what was probably meant."""
    with pytest.raises(BadFile) as raised:
        read(_written(tmp_path, text), requirements=IDS)

    assert told in str(raised.value)
    assert str(raised.value).startswith(f"{tmp_path / 'acme.toml'}: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """No traceback for a typing mistake in a path."""
    with pytest.raises(BadFile, match="cannot be read: no such file or directory"):
        read(tmp_path / "acme.toml", requirements=IDS)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    """A binary file is told to be one."""
    path = tmp_path / "acme.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(BadFile, match="is not UTF-8 text"):
        read(path, requirements=IDS)


@pytest.mark.parametrize(
    "keys",
    [
        'transport = "http"\nurl = "http://127.0.0.1:9000/rpc"\ntoken_env = "ACME"',
        'transport = "oneshot"\ncommand = ["acme"]',
        'python = "acme:Acme"',
    ],
)
def test_each_transport_is_described_in_its_own_way(
    tmp_path: Path, keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One way to reach the connector is enough."""
    monkeypatch.setenv("ACME", "a token")
    path = tmp_path / "acme.toml"
    path.write_text(f'[connector]\nname = "Acme"\n{keys}\n', encoding="utf-8")

    assert read(path, requirements=frozenset()).connector.name == "Acme"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('transport = "http"\ncommand = ["acme"]', "transport http needs url; there is command"),
        ('python = "acme:Acme"\ncommand = ["acme"]', "needs command or python; there is command and python"),
        ('transport = "http"', "transport http needs url; there is none of them"),
        (
            'transport = "http"\nurl = "http://127.0.0.1:9000/rpc"\ntoken_env = "NO_SUCH_TOKEN"',
            "the variable NO_SUCH_TOKEN, which token_env names, is not set or empty",
        ),
        ('command = ["acme"]\ntoken_env = "ACME"', "token_env is for transport http; this is stdio"),
    ],
)
def test_two_ways_or_none_are_refused(tmp_path: Path, keys: str, told: str) -> None:
    """What would be ignored is a mistake."""
    path = tmp_path / "acme.toml"
    path.write_text(f'[connector]\nname = "Acme"\n{keys}\n', encoding="utf-8")

    with pytest.raises(BadFile, match=told):
        read(path, requirements=frozenset())
