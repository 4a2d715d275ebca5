"""How the connector's log looks: a line each, as words or as JSON.

What is told is decided where it happens. Rule: a line stays one line and moves no terminal, whatever name an
attacker gave to an alert.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class TextLine(logging.Formatter):
    """Time, level, logger, sentence; a traceback is in one line with them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with everything that is not printable written as an escape."""
        words = " ".join(_told(record).values())
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)


class JsonLine(logging.Formatter):
    """One JSON object: at, level, logger, message, and error with a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, in ASCII."""
        return json.dumps(_told(record))


#: The forms by the names of the command line.
FORMS: Final[Mapping[str, type[logging.Formatter]]] = {"text": TextLine, "json": JsonLine}


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
