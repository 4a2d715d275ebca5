"""Says that all is well, and never asks KUMA for anything."""

import json
import sys

ANSWERS = {
    "hello": {"protocol": 1, "name": "quiet", "version": "1"},
    "poll": {"created": 0, "updated": 0},
    "incidents": {"incidents": []},
}

for line in sys.stdin:
    request = json.loads(line)
    answer = {"jsonrpc": "2.0", "id": request["id"], "result": ANSWERS.get(request["method"], {})}
    print(json.dumps(answer), flush=True)
    if request["method"] == "shutdown":
        break
