#!/usr/bin/env python3
"""A kubectl for tests where no cluster is: kustomize, config and the client's version are the real
kubectl's, everything else is written down in $STAND_IN/calls.jsonl and answered from the files of
$STAND_IN, like a cluster on which everything works: absent.crds (missing CRDs), secrets.json (name:
keys), waiting (lines of pods that wait, which also makes every rollout fail), ending (lines of pods
that end, each of which is there for one look more), refuse (what apply prints on failing, unless it
is forced), deny (a kind that cannot be asked), events (the message of a pod's last), port (of a
server that port-forward leads to)."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(os.environ["STAND_IN"])


def read(name: str) -> str:
    path = FOLDER / name
    return path.read_text() if path.exists() else ""


def forced(arguments: list[str]) -> bool:
    return "--force-conflicts" in arguments and "conflict" in read("refuse")


def main(arguments: list[str]) -> int:
    real = os.environ["REAL_KUBECTL"]
    if arguments[0] in ("kustomize", "config") or "--client" in arguments:
        return subprocess.run([real, *arguments]).returncode
    stdin = sys.stdin.read() if arguments[-2:] == ["-f", "-"] else ""
    with (FOLDER / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"arguments": arguments, "stdin": stdin}) + "\n")
    words = [word for word in arguments if not word.startswith("-")]
    if "port-forward" in words:
        print(f"Forwarding from 127.0.0.1:{read('port')} -> 8081", flush=True)
        time.sleep(60)
    elif "rollout" in words and read("waiting"):
        return 1
    elif "apply" in words and not stdin and read("refuse") and not forced(arguments):
        print(read("refuse"), file=sys.stderr)
        return 1
    elif read("deny") and read("deny") in words:
        print("no answer", file=sys.stderr)
        return 1
    elif "crd" in words:
        return int(words[-1] in read("absent.crds").split())
    elif "secret" in words:
        secrets = json.loads(read("secrets.json") or "{}")
        if "--ignore-not-found" not in arguments:
            return int(words[words.index("secret") + 1] not in secrets)
        print(" ".join(secrets.get(words[words.index("secret") + 1], [])))
    elif "events" in words:
        print(read("events"), end="")
    elif "pods" in words and "--selector" in arguments:
        print(read("ending"), end="")
        remaining = read("ending").splitlines(keepends=True)[1:]
        (FOLDER / "ending").write_text("".join(remaining))
    elif "pods" in words:
        print(read("waiting"))
    elif "gateway/weather" in words:
        print(read("address"), end="")
    return 0


sys.exit(main(sys.argv[1:]))
