"""Views that need nothing of Flask: they are handed what was sent and return what is answered.

What every connector asks again and again is such a view. Its usual paths are answered straight from a table;
all else about it (HEAD, a wrong method, a large body, ``--strict``) is Flask's, as ever. Rule: both ways go
through the same gate, the same view and the same table of errors, so that their answers are the same.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from flask import Blueprint, Response, request
from werkzeug.exceptions import InternalServerError
from werkzeug.test import run_wsgi_app

from mock_kuma.api import gate, problems
from mock_kuma.api.route import vendor_route
from mock_kuma.domain.problems import Problem
from mock_kuma.store.database import StoreTrouble, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from mock_kuma.api.dialect import Dialect

log = logging.getLogger("mock_kuma.api")
JSON: Final = ("Content-Type", "application/json")
#: What werkzeug puts on an answer without a body.
_NO_BODY: Final = ("Content-Type", "text/html; charset=utf-8")


class Sent(NamedTuple):
    """A request as a view wants it: its query string, and its body where the operation takes one."""

    query: str
    body: bytes


@dataclass(slots=True)
class Reply:
    """An answer before it is sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @staticmethod
    def json(body: bytes, status: int = 200) -> Reply:
        """Return an answer of JSON."""
        return Reply(status, [JSON, ("Content-Length", str(len(body)))], body)

    @staticmethod
    def of(app: WSGIApplication, environ: WSGIEnvironment) -> Reply:
        """Return what a WSGI application answers."""
        chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
        return Reply(int(status.split(" ", 1)[0]), list(headers.items()), b"".join(chunks))

    @staticmethod
    def nothing() -> Reply:
        """Return the answer 204."""
        return Reply(204, [_NO_BODY], b"")


if TYPE_CHECKING:
    View = Callable[[gate.Arrival, Sent], Reply]
    #: Views behind the gate by method and path.
    Plain = Mapping[tuple[str, str], View]

#: What an operation may raise; anything else is a mistake of ours.
REFUSALS: Final = (Problem, gate.InvalidHeader, gate.NoSuchVersion, StoreTrouble)


def refusal(error: Exception) -> tuple[problems.Answer, str]:
    """Return what is answered to one of the ``REFUSALS``, and the reason for the journal."""
    if isinstance(error, Problem):
        return problems.answer(error), str(error)
    if isinstance(error, gate.InvalidHeader):
        why = "the authorization header is absent or not of the form Bearer <token>"
        return problems.INVALID_HEADER, why
    if isinstance(error, gate.NoSuchVersion):
        return problems.NO_ROUTE, "the KUMA release of this world does not offer this API version"
    assert isinstance(error, StoreTrouble)  # noqa: S101 -- for the type checker: the last of the REFUSALS
    return problems.Answer(503, problems.ErrorBody(problems.NO_STORE, words(error))), words(error)


def table(views: Mapping[str, View], dialect: Dialect) -> dict[tuple[str, str], View]:
    """Return views by operation as views behind the gate by method and path, with and without a slash."""
    found = {}
    for operation, view in views.items():
        method, _, path = operation.partition(" ")
        for end in ("", "/"):
            found[method, f"/api/{dialect.name}{path}{end}"] = _behind_the_gate(view, operation, dialect)
    return found


def _behind_the_gate(view: View, operation: str, dialect: Dialect) -> View:
    def answer(arrival: gate.Arrival, sent: Sent) -> Reply:
        try:
            gate.pass_through(arrival, operation, dialect.name)
            return view(arrival, sent)
        except REFUSALS as error:
            refused, arrival.reason = refusal(error)
            return Reply.json(msgspec.json.encode(refused.body), refused.status)
        except Exception:
            # The process boundary: a mistake of ours is told, and answered as Flask answers it.
            log.exception("a mistake of the mock's own in %s", operation)
            arrival.reason = InternalServerError.description
            return Reply.json(msgspec.json.encode(problems.ErrorBody("internal server error")), 500)

    return answer


def routes(bp: Blueprint, dialect: Dialect, views: Mapping[str, View]) -> None:
    """Register views as Flask's routes, too."""
    for operation, view in views.items():
        vendor_route(bp, dialect, operation)(_through_flask(view))


def _through_flask(view: View) -> Callable[[], Response]:
    @wraps(view)
    def answer() -> Response:
        body = b"" if request.method in {"GET", "HEAD"} else request.get_data()
        reply = view(gate.arrival(), Sent(request.query_string.decode("utf-8", "replace"), body))
        return Response(reply.body, status=reply.status, headers=reply.headers)

    return answer
