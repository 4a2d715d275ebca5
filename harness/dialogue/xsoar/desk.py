"""The server around a script: what XSOAR does with an instance, as the protocol's seven calls.

Decides which command runs when, and what becomes of its outcome: fetched items become incidents, the last
run is kept with them, open incidents follow what mirroring brings, closing goes out. Does not know what
a command does. Rule: a command that failed changes no incident and moves no mark.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from harness.dialogue.hosted import serve, take_stdout
from harness.dialogue.xsoar import SETTINGS, command, incidents
from harness.dialogue.xsoar.demisto import Order, Outcome
from harness.dialogue.xsoar.mirroring import IncidentStatus
from harness.settings import Xsoar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.dialogue.xsoar.incidents import XsoarIncident

_FILE: Final = "xsoar.json"
_FETCH: Final = "fetch-incidents"
#: GUESS: a command may take this share of the harness's deadline; the server's own time-out is in minutes.
_SHARE: Final = 0.8


class CommandFailed(Exception):
    """A command of the script failed, in its own words."""

    #: GUESS: XSOAR runs what failed again at the next interval, whatever went wrong.
    retryable = True
    http_status = None


class NoIncident(Exception):
    """There is no incident for an alert."""

    retryable = False
    http_status = None

    def __init__(self, alert_id: str) -> None:
        super().__init__(alert_id)
        self.alert_id = alert_id

    def __str__(self) -> str:
        return f"there is no incident for the alert {self.alert_id}"


class Desk:
    """One instance of one integration."""

    def __init__(self, settings: Xsoar) -> None:
        self._settings, self._script = settings, Path(settings.script).resolve()
        self._places = {**incidents.PLACES, **settings.mapping}
        self._memory = incidents.Memory()

    def hello(self, **_: Any) -> dict[str, Any]:
        """Say what the connector file claims."""
        settings = self._settings
        return {
            "protocol": 1,
            "name": f"XSOAR integration {self._script.name}",
            "version": settings.version,
            "features": settings.features,
            "reasons": settings.reasons,
        }

    def configure(
        self,
        kuma: Mapping[str, Any],
        state_dir: str,
        lookback_seconds: int,
        deadline_seconds: float,
        **_: Any,
    ) -> None:
        """Take an instance's settings; the same ``state_dir`` is the same instance."""
        self._seconds = deadline_seconds * _SHARE
        self._file = Path(state_dir) / _FILE
        self._memory = incidents.load(self._file)
        words = {**kuma, "ca_file": kuma["ca_file"] or "", "lookback_seconds": str(lookback_seconds)}
        self._params = _filled(self._settings.params, words)
        # The server hands its trusted certificates to integrations in these two variables.
        trust = {"SSL_CERT_FILE": kuma["ca_file"], "REQUESTS_CA_BUNDLE": kuma["ca_file"]}
        self._environment = trust if kuma["ca_file"] else {}

    def poll(self) -> dict[str, int]:
        """Fetch, then mirror in, as the server's intervals do."""
        memory = self._memory
        fetched = self._run(_FETCH)
        made = [memory.create(item, self._places) for item in fetched.incidents]
        # GUESS: the last run is kept together with the incidents of its fetch, and only with them.
        memory.last_run = fetched.last_run
        self._save()
        return {"created": len(made), "updated": self._mirror_in()}

    def incidents(self) -> dict[str, Any]:
        """Return every incident, read through the mapping."""
        told = [
            incidents.told(one, self._places, features=self._settings.features)
            for one in self._memory.incidents
        ]
        return {"incidents": told}

    def close(self, alert_id: str, reason: str) -> None:
        """Close as an analyst: by the command that the connector file names, or by mirroring out."""
        for incident in self._of(alert_id):
            closing = self._settings.close
            if closing is not None:
                words = {"alert_id": alert_id, "incident_id": incident.id, "reason": reason}
                self._run(closing.command, _filled(closing.args, words))
            elif incident.mirrored("Out"):
                delta = {"closeReason": reason, "closeNotes": "closed by an analyst"}
                self._send(incident, delta, status=IncidentStatus.DONE)
            incident.status, incident.close_reason = "closed", reason
            self._save()

    def edit(self, alert_id: str, fields: Mapping[str, str]) -> None:
        """Edit as an analyst; what an outgoing mirror wants to know is sent on."""
        for incident in self._of(alert_id):
            incident.owner = fields.get("owner", incident.owner)
            incident.notes = fields.get("notes", incident.notes)
            self._save()
            if incident.mirrored("Out"):
                self._send(incident, dict(fields), status=IncidentStatus.ACTIVE)

    def _of(self, alert_id: str) -> list[XsoarIncident]:
        found = [one for one in self._memory.incidents if incidents.alert_of(one, self._places) == alert_id]
        if not found:
            raise NoIncident(alert_id)
        return found

    def _mirror_in(self) -> int:
        """Bring open incidents up to date; return how many changed."""
        memory = self._memory
        # GUESS: a closed incident is followed no more; KUMA opens no closed alert again.
        mirrored = [one for one in memory.incidents if one.status == "open" and one.mirrored("In")]
        if not mirrored:
            return 0
        began = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        # GUESS: an instance that never mirrored is asked for everything.
        since = memory.mirrored_at or "1970-01-01T00:00:00+00:00"
        changed = self._modified(since)
        mirrored = [one for one in mirrored if changed is None or one.mirror_id in changed]
        updated, failed = 0, []
        for incident in mirrored:
            try:
                outcome = self._run("get-remote-data", {"id": incident.mirror_id, "lastUpdate": since})
            except CommandFailed as error:
                # The server goes on with the other incidents, and comes back to this one.
                failed.append(error)
                continue
            updated += _apply(incident, outcome)
            self._save()
        if failed:
            raise failed[0]
        memory.mirrored_at = began
        self._save()
        return updated

    def _modified(self, since: str) -> set[str] | None:
        """Return the remote ids that changed; None where the script cannot tell: all are asked for."""
        if not self._settings.modified:
            return None
        outcome = self._play("get-modified-remote-data", {"lastUpdate": since})
        if outcome.unknown:
            return None
        self._raise_failure(outcome)
        self._memory.last_mirror_run = outcome.last_mirror_run
        return {str(one) for entry in outcome.results for one in _contents(entry)}

    def _send(self, incident: XsoarIncident, delta: dict[str, str], *, status: int) -> None:
        args = {
            "data": {**incident.raw, **delta},
            "delta": delta,
            "entries": [],
            "incidentChanged": True,
            "remoteId": incident.mirror_id,
            "status": status,
        }
        self._run("update-remote-system", args)

    def _run(self, name: str, args: dict[str, Any] | None = None) -> Outcome:
        outcome = self._play(name, args or {})
        self._raise_failure(outcome)
        return outcome

    def _play(self, name: str, args: dict[str, Any]) -> Outcome:
        memory = self._memory
        # The server keeps the last run for fetching alone: every other command finds it empty.
        last_run = memory.last_run if name == _FETCH else {}
        order = Order(name, self._params, args, last_run, memory.last_mirror_run, memory.context)
        outcome = command.run(self._script, order, environment=self._environment, seconds=self._seconds)
        # The integration context is kept at once, whatever became of the command.
        memory.context = outcome.context
        return outcome

    def _raise_failure(self, outcome: Outcome) -> None:
        if outcome.failure is not None:
            self._save()
            raise CommandFailed(outcome.failure)

    def _save(self) -> None:
        self._memory.save(self._file)


def _apply(incident: XsoarIncident, outcome: Outcome) -> bool:
    """Take over what get-remote-data brought; say whether that changed the incident."""
    given = [part for one in outcome.results for part in (one if isinstance(one, list) else [one])]
    if not given or not isinstance(given[0], dict):
        return False
    before = (dict(incident.raw), incident.status)
    incident.raw = {**incident.raw, **given[0]}
    for entry in given[1:]:
        contents = entry.get("Contents") if isinstance(entry, dict) else None
        if isinstance(contents, dict) and contents.get("dbotIncidentClose"):
            incident.status, incident.close_reason = "closed", str(contents.get("closeReason", ""))
        elif isinstance(contents, dict) and contents.get("dbotIncidentReopen"):
            incident.status, incident.close_reason = "open", ""
    return before != (incident.raw, incident.status)


def _contents(entry: Any) -> list[Any]:
    contents = entry.get("Contents") if isinstance(entry, dict) else entry
    return contents if isinstance(contents, list) else []


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    """Return a value with its ``{words}`` filled in, however deep."""
    if isinstance(value, dict):
        return {key: _filled(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, words) for one in value]
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace(f"{{{name}}}", word)
    return value


def main() -> int:
    """Serve the script that the environment describes; return the exit status."""
    outgoing = take_stdout()
    settings = msgspec.json.decode(os.environ.pop(SETTINGS), type=Xsoar)
    serve(Desk(settings), sys.stdin.buffer, outgoing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
