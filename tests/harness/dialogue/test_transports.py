"""The transports beside stdio: a process a request, an adapter that runs already, a Python class."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from harness.dialogue.hosted import NoSuchClass, answer, find
from harness.dialogue.http import HttpAdapter
from harness.dialogue.oneshot import OneshotProcess
from harness.dialogue.stdio import DeadlineMissed, Died
from harness.protocol import UNKNOWN_METHOD, BadAnswer, NotStarted, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ERROR = '{"code": 1, "message": "no", "data": {"retryable": true, "http_status": 503}}'
_SECONDS = 10.0


def _oneshot(folder: Path, code: str) -> OneshotProcess:
    return OneshotProcess(
        [sys.executable, "-c", f"import json, sys\n{code}"],
        folder=folder,
        environment=dict(os.environ),
        stderr=folder / "stderr.txt",
    )


def test_oneshot_gives_the_method_as_last_argument_and_params_on_stdin(tmp_path: Path) -> None:
    """Exit status 0 is a result."""
    process = _oneshot(tmp_path, "print(json.dumps([sys.argv[-1], json.load(sys.stdin)]))")

    assert process.request("poll", {"a": "ü"}, deadline=_SECONDS) == ["poll", {"a": "ü"}]


def test_oneshot_says_by_its_exit_status_what_stdout_holds(tmp_path: Path) -> None:
    """1 is an error object, 3 is unsupported."""
    refused = _oneshot(tmp_path, f"print('{_ERROR}'); sys.exit(1)")
    unknown = _oneshot(tmp_path, "sys.exit(3)")

    assert refused.request("poll", {}, deadline=_SECONDS) == Refusal(1, "no", True, 503)
    answered = unknown.request("edit", {}, deadline=_SECONDS)
    assert isinstance(answered, Refusal)
    assert answered.code == UNKNOWN_METHOD


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("sys.exit(7)", Died, "exit status 7 instead of answering poll"),
        ("print('Welcome')", BadAnswer, "'Welcome' on stdout, which is not JSON"),
        ("print('[]'); sys.exit(1)", BadAnswer, "needs an error object"),
        ("import time; time.sleep(30)", DeadlineMissed, "within 0.5 seconds"),
    ],
)
def test_oneshot_breaks_the_protocol_in_plain_words(
    tmp_path: Path, code: str, kind: type[Exception], told: str
) -> None:
    """Whatever is no answer is said to be none."""
    deadline = 0.5 if "sleep" in code else _SECONDS

    with pytest.raises(kind, match=told):
        _oneshot(tmp_path, code).request("poll", {}, deadline=deadline)


class _Echo(BaseHTTPRequestHandler):
    """Answers with the authorization it was sent; at /broken with a page."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answered = json.dumps({"id": body["id"], "result": self.headers["Authorization"]}).encode()
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(answered)))
        self.end_headers()
        self.wfile.write(answered)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the name of the base class
        """Say nothing."""


@contextmanager
def _adapter(path: str, token: str | None = None) -> Iterator[HttpAdapter]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        adapter = HttpAdapter(
            f"http://127.0.0.1:{server.server_address[1]}{path}", token=token, deadline=_SECONDS
        )
        adapter.start()
        try:
            yield adapter
        finally:
            adapter.kill()
            server.shutdown()
            thread.join()


def test_http_posts_a_request_with_its_token() -> None:
    """The answer is the body of the response."""
    with _adapter("/rpc", "secret") as adapter:
        assert adapter.request("poll", {}, deadline=_SECONDS) == "Bearer secret"


def test_http_status_other_than_200_is_no_answer() -> None:
    """Refusals belong into the JSON-RPC error."""
    with _adapter("/broken") as adapter, pytest.raises(BadAnswer, match="with HTTP 500"):
        adapter.request("poll", {}, deadline=_SECONDS)


def test_http_adapter_that_does_not_run_is_named() -> None:
    """Its address, and what to do."""
    adapter = HttpAdapter("http://127.0.0.1:9/rpc", token=None, deadline=_SECONDS)
    adapter.start()

    with pytest.raises(NotStarted, match=r"no adapter answers at http://127\.0\.0\.1:9/rpc.*start it first"):
        adapter.request("hello", {}, deadline=_SECONDS)
    adapter.kill()


class _Refused(Exception):
    """KUMA refused."""

    retryable, http_status = True, 503


class _Connector:
    """A connector in Python."""

    def poll(self) -> dict[str, int]:
        return {"created": 1, "updated": 0}

    def incidents(self) -> None:
        raise _Refused("busy")

    def close(self, alert_id: str, reason: str) -> None:
        raise KeyError(alert_id + reason)


def test_a_python_class_answers_by_its_methods() -> None:
    """Results, refusals, mistakes of its own, and what it does not know."""
    connector = _Connector()

    assert answer(connector, "poll", {}) == {"result": {"created": 1, "updated": 0}}
    assert answer(connector, "incidents", {}) == {
        "error": {"code": 1, "message": "busy", "data": {"retryable": True, "http_status": 503}}
    }
    assert answer(connector, "close", {"alert_id": "a", "reason": "r"})["error"]["code"] == -32603
    assert answer(connector, "edit", {})["error"]["code"] == UNKNOWN_METHOD
    assert answer(connector, "shutdown", {}) == {"result": {}}


@pytest.mark.parametrize(("place", "told"), [("no_such:Thing", "No module named"), ("json:Thing", "has no")])
def test_a_place_without_a_class_is_told(place: str, told: str) -> None:
    """The module or the class that is missing."""
    with pytest.raises(NoSuchClass, match=told):
        find(place)


class _Strict:
    def hello(self, protocol: int) -> dict[str, int]:
        return {"protocol": protocol}

    def configure(self, params: dict[str, str]) -> None:
        raise AssertionError(params)


def test_a_class_gets_the_params_that_its_method_names() -> None:
    """A param that comes later breaks no class."""
    assert answer(_Strict(), "hello", {"protocol": 1, "harness": {}}) == {"result": {"protocol": 1}}


def test_a_method_that_takes_other_params_is_told_their_names() -> None:
    """One dictionary is the usual mistake."""
    told = answer(_Strict(), "configure", {"kuma": {}, "state_dir": "/"})["error"]["message"]

    assert "'params'" in told
    assert "kuma, state_dir" in told
