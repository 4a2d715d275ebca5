"""An adapter for kuma-harness, standard library only. It works; put yours where `Connector` is."""

import http.client
import json
import pathlib
import ssl
import sys
import time
import urllib.request

SHOWN = {"name": "name", "priority": "priority", "firstSeen": "first_seen", "lastSeen": "last_seen"}


class Refused(Exception):  # KUMA refused, failed or could not be reached
    def __init__(self, message, status=None):
        super().__init__(message)
        self.data = {"retryable": status is None or status == 429 or status >= 500, "http_status": status}


class Connector:
    """The connector under test: replace its methods by calls of yours."""

    def configure(self, kuma, state_dir, deadline_seconds, **_):
        self.url, self.token, self.seconds, self.quiet = kuma["url"], kuma["token"], deadline_seconds / 6, 0.0
        self.tls = ssl.create_default_context(cafile=kuma["ca_file"])
        self.file = pathlib.Path(state_dir, "incidents.json")
        self.held = json.loads(self.file.read_text("utf-8")) if self.file.exists() else {}

    def poll(self):
        before, seen, grew = len(self.held), set(), True
        while grew:  # a list that moves under a pass is read again
            page, rows, grew = 0, [None] * 250, False
            while len(rows) >= 250:
                rows = self.ask("GET", f"alerts?withEvents&status=new&page={(page := page + 1)}")
                grew = grew or any(row["id"] not in seen for row in rows)
                seen.update([self.keep(row) for row in rows])
        self.save()
        return {"created": len(self.held) - before, "updated": 0}

    def keep(self, row):
        if row["id"] not in self.held:
            events = [event["ID"] for event in row.get("events") or []]
            own = {"id": f"INC-{row['id']}", "alert_id": row["id"], "status": "open", "event_ids": events}
            self.held[row["id"]] = own | {ours: row[theirs] for theirs, ours in SHOWN.items()}
        return row["id"]

    def incidents(self):
        return {"incidents": list(self.held.values())}

    def close(self, alert_id, reason):
        try:
            self.ask("POST", "alerts/close", {"id": alert_id, "reason": reason})
        except Refused as error:
            [alert] = self.ask("GET", f"alerts?id={alert_id}") or [{"status": "gone"}]
            if alert["status"] != "closed":  # it may be closed there already
                raise error
        self.held[alert_id]["status"] = "closed"
        self.save()

    def save(self):
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(self.held), "utf-8")
        new.replace(self.file)  # a kill leaves the old file or the new one

    def ask(self, method, path, body=None):
        if time.time() < self.quiet:
            raise Refused("KUMA asked for silence", 429)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")  # for KUMA alone
        try:
            with urllib.request.urlopen(request, timeout=self.seconds, context=self.tls) as answer:
                return json.loads(answer.read() or "null")
        except urllib.request.HTTPError as error:
            wait = error.headers.get("Retry-After", "")
            self.quiet = time.time() + int(wait if wait.isdecimal() else 0)
            raise Refused(f"KUMA answered {error.code}", error.code) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Refused(f"KUMA gave no answer: {type(error).__name__}") from error


HELLO = {"protocol": 1, "name": "kit in Python", "version": "1", "features": ["events", "close", "persist"]}
connector = Connector()
for line in sys.stdin:
    request = json.loads(line)
    method, answer = request["method"], {"jsonrpc": "2.0", "id": request["id"]}
    try:
        if method in ("hello", "shutdown"):
            answer["result"] = HELLO if method == "hello" else {}
        elif method in ("configure", "poll", "incidents", "close"):
            answer["result"] = getattr(connector, method)(**request.get("params", {})) or {}
        else:
            answer["error"] = {"code": -32601, "message": f"{method} is not known"}
    except Refused as error:
        answer["error"] = {"code": 1, "message": str(error), "data": error.data}
    print(json.dumps(answer), flush=True)
    if method == "shutdown":
        break
