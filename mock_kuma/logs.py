"""How decisions are told on standard error: one line each, as words or as JSON.

A line has a time, a level, who says it, a sentence, and fields. Nothing here decides what is told. Rule: a
line stays one line and moves no terminal, whatever a client has sent, so that nobody can forge another.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

#: All loggers of the mock are below this one.
ROOT: Final = "mock_kuma"
#: Those of the HTTP server and of its loop, which tell mistakes of ours.
BENEATH: Final = ("asyncio", "uvicorn")


class Form(StrEnum):
    """How a line looks."""

    TEXT = "text"
    JSON = "json"


def begin(form: Form, *, verbose: bool) -> None:
    """Let this process, and those that it forks, tell warnings; every decision if ``verbose``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if form is Form.JSON else TextLine())
    for name in (ROOT, *BENEATH):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
    logging.getLogger(ROOT).setLevel(logging.DEBUG if verbose else logging.WARNING)


def fields(**values: Any) -> dict[str, Any]:
    """Return the ``extra`` of a line: what is known of the fields, without those that are None."""
    return {"fields": {name: value for name, value in values.items() if value is not None}}


class JsonLine(logging.Formatter):
    """One JSON object a line: at, level, logger, message, and the fields beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; ASCII only, so no terminal and no log viewer is led astray."""
        return json.dumps({**_told(record), **_fields(record)}, default=str)


class TextLine(logging.Formatter):
    """Words for people: the sentence, then ``name=value``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; values are written as JSON writes them."""
        told = _told(record)
        pairs = (f"{name}={json.dumps(value, default=str)}" for name, value in _fields(record).items())
        sentence = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in told.pop("message"))
        error = told.pop("error", None)
        tail = () if error is None else (f"error={json.dumps(error)}",)
        return " ".join((*told.values(), sentence, *pairs, *tail))


def _told(record: logging.LogRecord) -> dict[str, str]:
    at = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
    told = {
        "at": at.replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
        "message": record.getMessage(),
    }
    if record.exc_info and record.exc_info[1] is not None:
        told["error"] = logging.Formatter().formatException(record.exc_info)
    return told


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = getattr(record, "fields", {})
    return found
