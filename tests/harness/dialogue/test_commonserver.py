"""The helpers of CommonServerPython: dates, arguments, results, and a client against a real server."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from harness.dialogue.xsoar import arguments, commonserver, lookback, mirroring, moments
from harness.dialogue.xsoar.clients import BaseClient, DemistoException
from harness.dialogue.xsoar.demisto import Demisto, NotOffered, Order, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator


def _demisto(**params: Any) -> tuple[Demisto, Outcome]:
    outcome = Outcome()
    order = Order("kuma-do", params, {"id": "7"}, {"at": 1}, {}, {"kept": 1})
    return Demisto(order, outcome), outcome


@pytest.mark.parametrize(
    ("arg", "expected"),
    [
        ("2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("2026-01-02", dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
        (1767323045, dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("1767323045000", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        (None, None),
    ],
)
def test_an_argument_is_read_as_a_moment(arg: Any, expected: dt.datetime | None) -> None:
    """ISO dates, and epochs in seconds or milliseconds."""
    assert moments.arg_to_datetime(arg) == expected


@pytest.mark.parametrize(
    ("text", "seconds"), [("3 days", 259_200), ("1 hour ago", 3_600), ("90 Seconds", 90)]
)
def test_a_period_counts_back_from_now(text: str, seconds: int) -> None:
    """As parameters like "first fetch" have it."""
    found = moments.arg_to_datetime(text)

    assert found is not None
    assert moments.now() - found == pytest.approx(dt.timedelta(seconds=seconds), abs=dt.timedelta(seconds=5))


def test_what_is_no_moment_is_refused_by_name() -> None:
    """The argument and its value."""
    with pytest.raises(ValueError, match='Invalid date: "first_fetch"=soon'):
        moments.arg_to_datetime("soon", "first_fetch")
    with pytest.raises(ValueError, match='Missing "first_fetch"'):
        moments.arg_to_datetime(None, "first_fetch", required=True)


def test_periods_and_timestamps_go_both_ways() -> None:
    """Milliseconds since the epoch, and text in a format."""
    start, end = moments.parse_date_range("2 hours", to_timestamp=True)

    assert end - start == pytest.approx(7_200_000, abs=1_000)
    assert moments.timestamp_to_datestring(1767323045000, is_utc=True) == "2026-01-02T03:04:05.000Z"
    assert moments.date_to_timestamp(dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)) == 1767323045000


def test_arguments_are_read_from_text() -> None:
    """Yes and no, lists, numbers; and nested data without what is empty."""
    assert [arguments.arg_to_boolean(one) for one in ("yes", "False", True)] == [True, False, True]
    assert [arguments.arg_to_list(one) for one in ("a, b", '["a"]', None, 3)] == [["a", "b"], ["a"], [], [3]]
    assert [arguments.arg_to_number(one) for one in ("7", 7.0, "")] == [7, 7, None]
    assert arguments.assign_params(a=1, b=None, c="") == {"a": 1}
    assert arguments.remove_empty_elements({"a": [None, {"b": ""}], "c": 0}) == {"c": 0}
    assert arguments.dict_safe_get({"a": [{"b": 1}]}, ["a", 0, "b"]) == 1


def test_results_become_entries() -> None:
    """For the context by key, for people as a table; mirroring's answers in their own shape."""
    demisto, outcome = _demisto()
    give = commonserver.names(demisto)["return_results"]

    give(commonserver.CommandResults("KUMA.Alert", "id", [{"id": "7", "name": "a|b"}]))
    give(mirroring.GetModifiedRemoteDataResponse(["7"]))
    give(mirroring.GetRemoteDataResponse({"id": "7"}, [{"Type": 1}]))

    table, modified, remote = outcome.results
    assert table["EntryContext"] == {"KUMA.Alert(val.id && val.id == obj.id)": [{"id": "7", "name": "a|b"}]}
    assert table["HumanReadable"] == "### Results\n|id|name|\n|---|---|\n|7|a\\|b|\n"
    assert (modified["Contents"], remote) == (["7"], [{"id": "7"}, {"Type": 1}])


def test_an_error_ends_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    """It is an entry of type 4, and the script is left with 0."""
    demisto, outcome = _demisto()

    with pytest.raises(SystemExit) as left:
        commonserver.names(demisto)["return_error"]("no alert")

    assert (left.value.code, outcome.failure) == (0, "no alert")
    assert capfd.readouterr() == ("", "kuma-do: error: no alert\n")


def test_the_object_tells_what_the_server_knows_and_refuses_the_rest() -> None:
    """By name, and never with something made up."""
    demisto, outcome = _demisto(url="u")

    demisto.setLastRun({"at": 2})
    demisto.setIntegrationContext({"kept": 2})

    assert (demisto.command(), demisto.args(), demisto.getParam("url")) == ("kuma-do", {"id": "7"}, "u")
    assert (outcome.last_run, outcome.context) == ({"at": 2}, {"kept": 2})
    with pytest.raises(NotOffered, match=r"demisto\.executeCommand is not offered"):
        demisto.executeCommand("x", {})


class _Server(BaseHTTPRequestHandler):
    """Answers with what the path says."""

    def do_GET(self) -> None:
        status, _, body = self.path.strip("/").partition("/")
        self.send_response(int(status))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the name of the base class
        """Say nothing."""


@contextmanager
def _client() -> Iterator[BaseClient]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield BaseClient(f"http://127.0.0.1:{server.server_address[1]}/", timeout=5)
        finally:
            server.shutdown()
            thread.join()


def test_a_client_gives_content_or_an_exception_with_the_response() -> None:
    """JSON by default; what is not fine can be looked at, or allowed."""
    with _client() as client:
        assert client._http_request("GET", "200/17") == 17
        assert client._http_request("GET", "404/gone", ok_codes=(404,), resp_type="text") == "gone"
        with pytest.raises(DemistoException, match=r"Error in API call \[503\]") as refused:
            client._http_request("GET", "503/busy")
        with pytest.raises(DemistoException, match="Failed to parse json object"):
            client._http_request("GET", "200/page")
    assert refused.value.res.status_code == 503


def test_a_client_that_reaches_nobody_says_so() -> None:
    """As the same exception, without a response."""
    with pytest.raises(DemistoException, match="Connection Error") as refused:
        BaseClient("http://127.0.0.1:9")._http_request("GET", "x")

    assert refused.value.res is None


def test_a_fetch_that_looks_back_finds_nothing_twice() -> None:
    """The window reaches back, what was found is left out, and the next fetch reads further."""
    last_run = {"time": "2026-01-02T00:00:00", "limit": 2, "found_incident_ids": {"1": 4_000_000_000}}
    rows = [{"id": str(key), "created": f"2026-01-02T00:00:0{key}"} for key in (1, 2, 3, 4)]

    start, end = lookback.get_fetch_run_time_range(last_run, "3 days", look_back=5)
    fresh = lookback.filter_incidents_by_duplicates_and_limit(rows, last_run, 2, "id")
    following = lookback.update_last_run_object(last_run, fresh, 2, start, end, 5, "created", "id")

    assert start == "2026-01-02T00:00:00"
    assert [row["id"] for row in fresh] == ["2", "3"]
    assert (following["time"], following["limit"]) == ("2026-01-02T00:00:03", 4)
    assert sorted(following["found_incident_ids"]) == ["1", "2", "3"]


def test_a_recent_last_run_is_widened_to_the_look_back() -> None:
    """What was indexed late is in the window again; without one, the first fetch counts."""
    recent = {"time": moments.now().strftime("%Y-%m-%dT%H:%M:%S")}

    widened, end = lookback.get_fetch_run_time_range(recent, "3 days", look_back=60)
    first, _ = lookback.get_fetch_run_time_range({}, "3 days")

    length = moments.parse_date_string(end) - moments.parse_date_string(widened)
    assert length == dt.timedelta(hours=1)
    assert moments.parse_date_string(end) - moments.parse_date_string(first) >= dt.timedelta(days=3)


def test_an_empty_fetch_moves_on_to_its_end() -> None:
    """And the limit is the usual one again; ids too old to come back are forgotten."""
    last_run = {"time": "2026-01-02T00:00:00", "limit": 8, "found_incident_ids": {"1": 1}}

    following = lookback.update_last_run_object(
        last_run, [], 2, "a", "2026-01-03T00:00:00", 5, "created", "id"
    )

    assert following == {"time": "2026-01-03T00:00:00", "limit": 2, "found_incident_ids": {}}
