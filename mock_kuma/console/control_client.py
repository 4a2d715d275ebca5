"""The simulator's pages as a client of the control API, in the same process.

One way for each change, whoever asks for it: what the API refuses, a page refuses with the same words.
Rule: the pages know no more of the simulator than the API tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mock_kuma import control as control_api

_GOOD: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What the control API answered; ``body`` is decoded JSON, None where there is none."""

    status: int
    body: Any

    @property
    def is_good(self) -> bool:
        """Whether it was done."""
        return self.status < _GOOD

    def errors(self) -> dict[str, str]:
        """Return what was wrong, by the last name of its path; what concerns no field is under ``""``."""
        found = {
            str(error["path"]).rpartition(".")[2]: str(error["problem"]) for error in self.body["errors"]
        }
        return found or {"": str(self.body["message"])}


#: Does one call: method, path below the prefix, body.
Control: TypeAlias = Callable[[str, str, Any], Answer]


def client(application: Callable[[], Any]) -> Control:
    """Return a client of an open control application, which is asked for at the first call."""

    def call(method: str, path: str, body: Any) -> Answer:
        builder = EnvironBuilder(
            method=method,
            path=control_api.PREFIX + path.partition("?")[0],
            query_string=path.partition("?")[2],
            data=b"" if body is None else msgspec.json.encode(body),
        )
        chunks, status, _ = run_wsgi_app(application(), builder.get_environ(), buffered=True)
        text = b"".join(chunks)
        return Answer(int(status.split(" ", 1)[0]), msgspec.json.decode(text) if text else None)

    return call
