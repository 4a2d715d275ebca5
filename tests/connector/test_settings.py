"""The settings file: what is read, what is refused, and where the token may be."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from connector.errors import SettingsProblem
from connector.settings import base_url, load

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "0123456789abcdef" * 2


def written(folder: Path, text: str) -> Path:
    """Write a settings file."""
    file = folder / "kuma.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_full_file_is_read(tmp_path: Path) -> None:
    """Paths are relative to the file, days are seconds."""
    file = written(
        tmp_path,
        'url = "kuma.example.com"\nca_file = "ca.pem"\ntoken_env = "T"\ndata_folder = "data"\n'
        'lookback_days = 1.5\noverlap_seconds = 60\napi_version = "v3"\n',
    )

    found = load(file, {"T": f" {TOKEN}\n"})

    assert (found.url, found.token) == ("https://kuma.example.com:7223", TOKEN)
    assert (found.ca_file, found.state_dir) == (tmp_path / "ca.pem", tmp_path / "data")
    assert (found.lookback_seconds, found.overlap_seconds, found.api_version) == (129_600, 60, "v3")
    assert TOKEN not in repr(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", '"url" is missing'),
        ('url = "k"\nlokback_days = 7', 'did you mean "lookback_days"'),
        ('url = "k"\nzzz = 7', "known are url"),
        ('url = "k"\ntoken = "x"', "does not belong here"),
        ('url = "k"\nlookback_days = "7"', "must be a number"),
        ('url = "k"\nlookback_days = true', "must be a number"),
        ('url = "k"\noverlap_seconds = -1', "between 0"),
        ("url = 7", "must be text"),
        ('url = "k"\napi_version = "v9"', "one of v1, v2"),
        ('url = "ftp://k"', "no address"),
        ('url = "https://user:pass@k"', "may not hold a user name"),
        ('url = "https://k/api"', "no address"),
        ('url = "https://[::1"', "no address"),
        ('url = "k:99999"', "no address"),
        ('url = "k', "is not TOML"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    """With what was probably meant, and never with the token."""
    with pytest.raises(SettingsProblem) as caught:
        load(written(tmp_path, text), {"KUMA_TOKEN": TOKEN})

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("token", ["", "  ", "токен", "two words", "a\x07b"])
def test_what_is_no_token_is_refused_without_being_repeated(tmp_path: Path, token: str) -> None:
    """It would not travel in a header."""
    with pytest.raises(SettingsProblem, match="KUMA_TOKEN") as caught:
        load(written(tmp_path, 'url = "k"'), {"KUMA_TOKEN": token})

    assert not token.strip() or token not in str(caught.value)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o644, True)])
def test_a_token_that_others_may_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, *, warned: bool
) -> None:
    """It is used all the same."""
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    (tmp_path / "token").chmod(mode)

    with caplog.at_level(logging.WARNING):
        found = load(written(tmp_path, 'url = "k"\ntoken_file = "token"'), {})

    assert found.token == TOKEN
    assert ("chmod 600" in caplog.text) == warned


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The settings, and the token's."""
    with pytest.raises(SettingsProblem, match="nowhere"):
        load(tmp_path / "nowhere.toml", {})
    with pytest.raises(SettingsProblem, match="token"):
        load(written(tmp_path, 'url = "k"\ntoken_file = "token"'), {})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("kuma.example.com:7224", "https://kuma.example.com:7224"),
        ("http://127.0.0.1:80/", "http://127.0.0.1:80"),
        ("https://[::1]:7223", "https://[::1]:7223"),
    ],
)
def test_an_address_is_scheme_host_and_port(given: str, expected: str) -> None:
    """However it is written."""
    assert base_url(given) == expected
