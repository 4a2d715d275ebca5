"""The connector's settings, and the TOML file that a person writes.

The token comes from an environment variable or a file, never from an argument or the file itself. Rule: a
setting that is not understood is refused with the name that was probably meant.
"""

from __future__ import annotations

import difflib
import logging
import os
import stat
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from connector.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = logging.getLogger("connector.settings")

DAY: Final = 86_400
_KEYS: Final[Mapping[str, tuple[type, ...]]] = {
    "url": (str,),
    "ca_file": (str,),
    "token_env": (str,),
    "token_file": (str,),
    "data_folder": (str,),
    "database": (str,),
    "lookback_days": (int, float),
    "overlap_seconds": (int, float),
    "deadline_seconds": (int, float),
    "request_seconds": (int, float),
    "api_version": (str,),
}
API_VERSIONS: Final = ("v1", "v2", "v2.1", "v2.2", "v3")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a cycle needs to know; the token is kept out of ``repr``."""

    url: str
    state_dir: Path
    token: str = field(repr=False)
    ca_file: Path | None = None
    #: How far back the first poll reaches.
    lookback_seconds: float = 7 * DAY
    #: So much before the mark each window begins: what appears late is still seen.
    overlap_seconds: float = 600
    #: One cycle, or one closing, takes no longer.
    deadline_seconds: float = 120
    #: One request takes no longer.
    request_seconds: float = 30
    #: Where incidents are kept; None is a file in ``state_dir``. Two instances may share one.
    database: URL | None = None
    #: KUMA up to 3.4 answers v1; from 4.0 on it answers v3 alone.
    api_version: str = "v1"


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings file; relative paths are relative to it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsProblem(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsProblem(f"{path} is not TOML: {error}") from error
    _check_keys(table, path)
    numbers = {
        name: float(table[key]) * factor
        for key, name, factor in (
            ("lookback_days", "lookback_seconds", DAY),
            ("overlap_seconds", "overlap_seconds", 1),
            ("deadline_seconds", "deadline_seconds", 1),
            ("request_seconds", "request_seconds", 1),
        )
        if key in table
    }
    if "url" not in table:
        raise SettingsProblem(f'{path}: "url" is missing, for example url = "kuma.example.com:7223"')
    folder = path.absolute().parent
    return Settings(
        url=base_url(table["url"]),
        token=_token(table, path, environment),
        ca_file=folder / table["ca_file"] if "ca_file" in table else None,
        state_dir=folder / table.get("data_folder", "kuma-connector-data"),
        database=database_url(table["database"]) if "database" in table else None,
        api_version=_api_version(table.get("api_version", "v1"), path),
        **numbers,
    )


def base_url(text: str) -> str:
    """Return scheme, host and port; the vendor's guide writes "kuma.example.com:7223" without a scheme."""
    full = text.strip() if "://" in text else f"https://{text.strip()}"
    try:
        parts = urlsplit(full)
        port = parts.port
    except ValueError as error:
        raise SettingsProblem(f"url {text!r} is no address: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SettingsProblem(f"url {text!r} is no address such as kuma.example.com:7223")
    if parts.username or parts.password:
        raise SettingsProblem("url may not hold a user name or password; the token goes into token_env")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port or 7223}"


def database_url(text: str) -> URL:
    """Return the address of a PostgreSQL database, for example ``postgresql://soar@db.example.com/soar``.

    Raises ``SettingsProblem`` for another database, and for a password, which libpq finds for itself.
    """
    try:
        url = make_url(text.strip())
    except ArgumentError as error:
        raise SettingsProblem(
            "database is no address such as postgresql://soar@db.example.com/soar"
        ) from error
    if url.password is not None or "password" in url.query:
        raise SettingsProblem("database may not hold a password; put it into PGPASSFILE or PGPASSWORD")
    if url.get_backend_name() != "postgresql":
        raise SettingsProblem(
            f"database: {url.get_backend_name()!r} is not known; "
            "it is a postgresql:// address, or left out for a file in data_folder"
        )
    return url.set(drivername="postgresql+psycopg")


def checked_token(token: str, *, where: str) -> str:
    """Return a token that can travel in a header; what is none is not repeated in the message."""
    if not token:
        raise SettingsProblem(f"there is no token in {where}; generate one in KUMA's console, Profile")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsProblem(f"what is in {where} is no token")
    return token


def _api_version(given: str, path: Path) -> str:
    if given not in API_VERSIONS:
        raise SettingsProblem(f'{path}: "api_version" must be one of {", ".join(API_VERSIONS)}')
    return given


def _check_keys(table: Mapping[str, Any], path: Path) -> None:
    for key, value in table.items():
        if key == "token":
            raise SettingsProblem(f'{path}: a token does not belong here; use "token_env" or "token_file"')
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else f"; known are {', '.join(_KEYS)}"
            raise SettingsProblem(f'{path}: unknown setting "{key}"{hint}')
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            expected = "text" if _KEYS[key] == (str,) else "a number"
            raise SettingsProblem(f'{path}: "{key}" must be {expected}')
        if isinstance(value, (int, float)) and not 0 <= value < 10 * 366 * DAY:
            raise SettingsProblem(f'{path}: "{key}" must be between 0 and ten years')


def _token(table: Mapping[str, Any], path: Path, environment: Mapping[str, str]) -> str:
    if "token_file" in table:
        file = path.absolute().parent / table["token_file"]
        try:
            token: str = file.read_text(encoding="utf-8").strip()
            if file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
                log.warning("others than its owner may read the token in %s: chmod 600", file)
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsProblem(f"cannot read the token from {file}") from error
        where = str(file)
    else:
        name = str(table.get("token_env", "KUMA_TOKEN"))
        where, token = f"environment variable {name}", environment.get(name, "").strip()
    return checked_token(token, where=where)
