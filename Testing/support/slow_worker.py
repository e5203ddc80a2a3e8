"""A worker that never finishes: it tells of progress and does not listen. For tests."""

import json
import sys
import time

request = json.loads(sys.stdin.readline())
done = 0
while True:
    if request["command"] == "segment":
        event = {"event": "progress", "id": request["id"], "total": 20}
        event |= {"done": done % 20, "message": "Segmenting slices"}
    else:
        event = {"event": "error", "id": request["id"], "kind": "internal", "message": "slow"}
    print("\n@DSCBrainSeg " + json.dumps(event), flush=True)
    if request["command"] != "segment":
        request = json.loads(sys.stdin.readline())
    done += 1
    time.sleep(0.02)
