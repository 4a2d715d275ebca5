"""Repeats its token wherever it may speak: on stderr, in incidents, in errors; and in the file LOUD."""

import json
import os
import sys
from pathlib import Path

token = ""

for line in sys.stdin:
    request = json.loads(line)
    method = request["method"]
    answer = {"jsonrpc": "2.0", "id": request["id"]}
    token = request.get("params", {}).get("kuma", {}).get("token", token)
    print(f"{method} with {token}", file=sys.stderr, flush=True)
    if method == "configure":
        with Path(os.environ["LOUD"]).open("a", encoding="utf-8") as kept:
            kept.write(f"{token}\n")
        answer["result"] = {}
    elif method == "hello":
        answer["result"] = {"protocol": 1, "name": "loud", "version": "1", "features": ["events", "close"]}
    elif method == "poll":
        answer["result"] = {"created": 1, "updated": 0}
    elif method == "incidents":
        told = {"id": "1", "alert_id": token, "name": token, "status": "open", "priority": "low",
                "event_ids": [token], "first_seen": "2026-01-01T00:00:00Z",
                "last_seen": "2026-01-01T00:00:00Z"}  # fmt: skip
        answer["result"] = {"incidents": [told]}
    elif method == "close":
        answer["error"] = {"code": -32001, "message": f"KUMA refused {token}", "data": {"kind": "refused"}}
    else:
        answer["result"] = {}
    print(json.dumps(answer), flush=True)
    if method == "shutdown":
        break
