"""Greets, is configured, and then never answers a poll."""

import json
import sys
import time

for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "poll":
        time.sleep(600)
    result = {"protocol": 1, "name": "sleeper", "version": "1"} if request["method"] == "hello" else {}
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
