"""The XSOAR runtime: what a script is given, what becomes of it, and a right integration with mutants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.dialogue.xsoar.desk import CommandFailed, Desk, NoIncident
from harness.settings import BadFile, Xsoar, read
from tests.harness.engines import MUTANTS, Mutant, broken
from tests.harness.matrix import PEERS, judge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Server

#: The runtime's own process has one thread; that of a test may have more, which newer Pythons mind.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
#: Quick to notice; `make engines` plays them all, and the right one in everything.
QUICK = MUTANTS[0]


def _desk(folder: Path, text: str, **settings: Any) -> Desk:
    """An instance of a script, configured."""
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    settings = {"features": ["update", "edit", "close"], **settings}
    desk = Desk(msgspec.convert({"script": str(script), **settings}, Xsoar))
    _configure(desk, folder)
    return desk


def _configure(desk: Desk, folder: Path, *, seconds: float = 30) -> None:
    kuma = {"url": "https://127.0.0.1:1", "token": "secret", "ca_file": "/ca.pem"}
    desk.configure(kuma=kuma, state_dir=str(folder), lookback_seconds=60, deadline_seconds=seconds)


FETCH = """
import demistomock as demisto
from CommonServerPython import *
import json

def alert(key):
    raw = {"id": key, "name": "n", "priority": "low"}
    return {"name": "n", "rawJSON": json.dumps(raw), "dbotMirrorId": key, "dbotMirrorDirection": "Both"}

def main():
    run = demisto.getLastRun()
    number = run.get("number", 0) + 1
    if demisto.command() == "fetch-incidents":
        demisto.setLastRun({"number": number})
        demisto.incidents([alert(str(number)), alert("same")])
    elif demisto.command() == "get-modified-remote-data":
        return_results(GetModifiedRemoteDataResponse(["1"]))
    elif demisto.command() == "get-remote-data":
        close = {"Type": 1, "Contents": {"dbotIncidentClose": True, "closeReason": "done"}}
        args = GetRemoteDataArgs(demisto.args())
        return_results(GetRemoteDataResponse({"name": f"changed {args.remote_incident_id}"}, [close]))
    elif demisto.command() == "update-remote-system":
        update = UpdateRemoteSystemArgs(demisto.args())
        if update.delta.get("closeReason") == "no":
            return_error("KUMA says no")
        demisto.setIntegrationContext({"sent": [update.remote_incident_id, update.inc_status, update.delta]})

if __name__ in ("__main__", "__builtin__", "builtins"):
    main()
"""


def test_every_item_of_a_fetch_is_an_incident(tmp_path: Path) -> None:
    """What a script hands over twice is there twice: only its last run could have prevented that."""
    desk = _desk(tmp_path, FETCH)

    counts = [desk.poll(), desk.poll()]

    held = [(one["id"], one["alert_id"]) for one in desk.incidents()["incidents"]]
    assert held == [("1", "1"), ("2", "same"), ("3", "2"), ("4", "same")]
    assert counts == [{"created": 2, "updated": 1}, {"created": 2, "updated": 0}]


def test_mirroring_brings_changes_and_closes(tmp_path: Path) -> None:
    """What get-modified-remote-data names is asked for; an entry closes the incident."""
    desk = _desk(tmp_path, FETCH)

    desk.poll()

    shown = {one["alert_id"]: (one["name"], one["status"]) for one in desk.incidents()["incidents"]}
    assert shown == {"1": ("changed 1", "closed"), "same": ("n", "open")}


@pytest.mark.parametrize("settings", [{"modified": False}, {}], ids=["says the file", "says the script"])
def test_without_get_modified_remote_data_every_open_incident_is_asked_for(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    """A script says so by NotImplementedError, a connector file by `modified`."""
    gone = 'raise NotImplementedError("no")' if not settings else "raise SystemExit(1)"
    text = FETCH.replace('return_results(GetModifiedRemoteDataResponse(["1"]))', gone)
    desk = _desk(tmp_path, text, **settings)

    desk.poll()

    assert [one["name"] for one in desk.incidents()["incidents"]] == ["changed 1", "changed same"]


def test_closing_and_editing_go_out_as_update_remote_system(tmp_path: Path) -> None:
    """With the remote id, the status as a number and what changed; a refusal leaves the incident open."""
    desk = _desk(tmp_path, FETCH)
    desk.poll()

    with pytest.raises(CommandFailed, match="KUMA says no"):
        desk.close(alert_id="same", reason="no")
    left = desk.incidents()["incidents"][1]["status"]
    desk.edit(alert_id="same", fields={"owner": "Kim"})
    desk.close(alert_id="same", reason="Resolved")

    memory = json.loads((tmp_path / "xsoar.json").read_text(encoding="utf-8"))
    held = desk.incidents()["incidents"][1]
    delta = {"closeReason": "Resolved", "closeNotes": "closed by an analyst"}
    assert (left, held["status"], held["owner"]) == ("open", "closed", "Kim")
    assert memory["context"] == {"sent": ["same", 2, delta]}


def test_an_instance_outlives_its_process(tmp_path: Path) -> None:
    """Last run and incidents are read again from the state folder."""
    first = _desk(tmp_path, FETCH)
    first.poll()

    second = _desk(tmp_path, FETCH)
    second.poll()

    assert [one["alert_id"] for one in second.incidents()["incidents"]] == ["1", "same", "2", "same"]


def test_a_close_command_replaces_mirroring_out(tmp_path: Path) -> None:
    """Its arguments are filled in, and the parameters are the instance's."""
    text = """
import demistomock as demisto
if demisto.command() == "fetch-incidents":
    demisto.incidents([{"name": "n", "rawJSON": '{"id": "7"}'}])
else:
    demisto.setIntegrationContext({"ran": [demisto.command(), demisto.args(), demisto.params()]})
"""
    closing = {"command": "kuma-close", "args": {"id": "{alert_id}", "why": "{reason}!"}}
    desk = _desk(tmp_path, text, close=closing, params={"deep": [{"token": "{token}"}]})
    desk.poll()

    desk.close(alert_id="7", reason="done")

    memory = json.loads((tmp_path / "xsoar.json").read_text(encoding="utf-8"))
    assert memory["context"]["ran"] == [
        "kuma-close",
        {"id": "7", "why": "done!"},
        {"deep": [{"token": "secret"}]},
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise KeyError('gone')", "fetch-incidents raised KeyError: 'gone'"),
        ("import sys; sys.exit(3)", "fetch-incidents left with 3"),
        ("import os; os._exit(9)", "fetch-incidents ended with 9 and said nothing"),
        ("from CommonServerPython import *; return_error('no', 'why')", "^no$"),
        (
            "import demistomock as demisto; demisto.executeCommand('x', {})",
            "demisto.executeCommand is not offered",
        ),
        ("from CommonServerPython import *; argToBoolean('maybe')", "boolean-like"),
    ],
)
def test_a_command_that_fails_moves_no_mark(tmp_path: Path, text: str, told: str) -> None:
    """It is an error in its own words, and the last run stays."""
    before = "import demistomock as demisto\ndemisto.setLastRun({'moved': True})\n"
    desk = _desk(tmp_path, before + text)

    with pytest.raises(CommandFailed, match=told):
        desk.poll()

    assert json.loads((tmp_path / "xsoar.json").read_text(encoding="utf-8"))["last_run"] == {}


def test_what_a_script_prints_and_changes_stays_in_its_process(tmp_path: Path) -> None:
    """Globals, modules and the environment of one command are gone with it."""
    text = """
import os, sys
import demistomock as demisto
seen = getattr(sys, "met", 0)
sys.met = 1
demisto.setIntegrationContext({"seen": seen, "bundle": os.environ.get("REQUESTS_CA_BUNDLE")})
"""
    desk = _desk(tmp_path, text)

    desk.poll()
    desk.poll()

    memory = json.loads((tmp_path / "xsoar.json").read_text(encoding="utf-8"))
    assert memory["context"] == {"seen": 0, "bundle": "/ca.pem"}


def test_a_script_reads_nothing_of_the_harness(tmp_path: Path) -> None:
    """Its standard input is empty."""
    text = "import demistomock as demisto; demisto.setIntegrationContext({'read': open(0).read()})"
    desk = _desk(tmp_path, text)

    desk.poll()

    assert json.loads((tmp_path / "xsoar.json").read_text(encoding="utf-8"))["context"] == {"read": ""}


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """As the server does it, whatever the script waits for."""
    desk = _desk(tmp_path, "import time; time.sleep(60)")
    _configure(desk, tmp_path, seconds=0.5)

    with pytest.raises(CommandFailed, match=r"fetch-incidents was ended by the server: .* than 0\.4 seconds"):
        desk.poll()


def test_there_is_nothing_to_close_without_an_incident(tmp_path: Path) -> None:
    """It is said, and no command runs."""
    with pytest.raises(NoIncident, match="no incident for the alert 7"):
        _desk(tmp_path, "raise SystemExit(1)").close(alert_id="7", reason="done")


def _file(folder: Path, keys: str) -> Path:
    (folder / "script.py").touch()
    path = folder / "acme.toml"
    path.write_text(f'[connector]\nname = "Acme"\ntransport = "xsoar"\n{keys}\n', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("", "transport xsoar needs xsoar; there is none of them"),
        ('command = ["x"]', "transport xsoar needs xsoar; there is command"),
        ('[connector.xsoar]\nscript = "gone.py"\nfeatures = []', "connector.xsoar.script: there is no file"),
        ('[connector.xsoar]\nscript = "script.py"', "connector.xsoar: missing features"),
        (
            '[connector.xsoar]\nscript = "script.py"\nfeatures = ["evnts"]',
            "features[0]: invalid enum value 'evnts'",
        ),
        ('[connector.xsoar]\nscript = "script.py"\nfeatures = []\nparam = {}', "unknown field param"),
        (
            '[connector.xsoar]\nscript = "script.py"\nfeatures = []\nparams = {u = "{ulr}"}',
            "did you mean 'url'?",
        ),
        (
            '[connector.xsoar]\nscript = "script.py"\nfeatures = []\nmapping = {nam = "x"}',
            "did you mean 'name'?",
        ),
        (
            '[connector.xsoar]\nscript = "script.py"\nfeatures = []\nclose = {command = "c"}',
            "do not claim close",
        ),
    ],
)
def test_a_file_that_describes_no_instance_is_refused(tmp_path: Path, keys: str, told: str) -> None:
    """One sentence with the place, and what was probably meant."""
    with pytest.raises(BadFile) as raised:
        read(_file(tmp_path, keys), requirements=frozenset())

    assert told in str(raised.value)


def test_a_broken_integration_fails(kuma: Server, tmp_path: Path) -> None:
    """The mutant is told from the right one, below, by the requirement that it was made for."""
    found = judge(broken(QUICK, tmp_path), out=tmp_path / "report", server=kuma, only=[QUICK.fails])

    assert found.verdicts == {QUICK.fails: "fail"}, found.printed


def test_the_right_integration_passes(kuma: Server, tmp_path: Path) -> None:
    """What its mutant fails, an update and a close."""
    only = [QUICK.fails, "UPD-03", "CLOSE-02"]

    found = judge(PEERS / "xsoar_kuma.toml", out=tmp_path / "report", server=kuma, only=only)

    assert found.verdicts == dict.fromkeys(only, "pass"), found.printed


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.breaks)
def test_a_mutant_changes_the_integration_in_one_place(mutant: Mutant, tmp_path: Path) -> None:
    """A change that does not apply would leave a right connector."""
    changed = (broken(mutant, tmp_path).parent / "xsoar_kuma.py").read_text(encoding="utf-8")

    right = (PEERS / "xsoar_kuma.py").read_text(encoding="utf-8")
    assert (right.count(mutant.old), changed == right) == (1, False)
