"""A container engine for tests: a Docker that runs already, else a private one, started from
Debian's docker.io as root with its own socket, data root and bridge, and stopped by its process id.
Ports are published on 127.0.0.1 alone. Images and caches of the private one stay in var/engine.

    sudo python3 tests/lib/engine.py COMMAND…   runs COMMAND with DOCKER_HOST set to such an engine
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DATA_ROOT = REPOSITORY / "var/engine"
BRIDGE = "chaac-engine"  # At most 15 characters: an interface's name.
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60


class EngineError(Exception):
    """No engine runs and none can be started; says why."""


def _run(*command, check=True, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=check, **options
    )


def _answers(host: str | None) -> bool:
    environment = os.environ | ({"DOCKER_HOST": host} if host else {})
    if not shutil.which("docker"):
        return False
    return _run("docker", "info", check=False, env=environment).returncode == 0


@contextlib.contextmanager
def engine():
    """The DOCKER_HOST of an engine that answers (None: the default one), while the block runs."""
    if os.environ.get("CHAAC_ENGINE") != "private" and _answers(None):
        yield os.environ.get("DOCKER_HOST")
        return
    private = PrivateEngine()
    try:
        private.start()
        yield private.host
    finally:
        private.stop()


class PrivateEngine:
    """One dockerd of ours. Not thread-safe. stop() undoes what start() did, even half of it."""

    def __init__(self):
        self._run_folder = Path(tempfile.mkdtemp(prefix="chaac-engine-"))
        self._process: subprocess.Popen | None = None
        self._log_path = self._run_folder / "dockerd.log"
        self._rules_before: dict[str, str] = {}

    @property
    def host(self) -> str:
        return f"unix://{self._run_folder}/docker.sock"

    def start(self):
        if os.geteuid() != 0:
            raise EngineError("no Docker answers, and starting a private one needs root")
        for program in ("dockerd", "docker", "ip", "iptables"):
            if not shutil.which(program):
                raise EngineError(
                    f"no Docker answers, and {program} is not installed: run script/bootstrap"
                    " --for containers"
                )
        self._rules_before = _firewall()
        self._add_bridge()
        DATA_ROOT.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    "dockerd", "--host", self.host, "--data-root", DATA_ROOT,
                    "--exec-root", self._run_folder / "exec",
                    "--pidfile", self._run_folder / "pid",
                    "--bridge", BRIDGE, "--ip", "127.0.0.1", "--mtu", str(_mtu()),
                    "--exec-opt", "native.cgroupdriver=cgroupfs",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS_MAX
        while not _answers(self.host):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise EngineError(f"dockerd does not start:\n{self.log()[-3000:]}")
            time.sleep(0.2)

    def stop(self):
        if self._process is not None:
            if self._process.poll() is None:
                self._remove_containers()
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        _run("ip", "link", "delete", BRIDGE, check=False)
        _restore_firewall(self._rules_before)
        shutil.rmtree(self._run_folder, ignore_errors=True)

    def log(self) -> str:
        return self._log_path.read_text(errors="replace")

    def _remove_containers(self):
        docker = ("docker", "--host", self.host)
        for kind, remove in (("container", ("rm", "--force", "--volumes")), ("network", ("rm",))):
            options = ("--all",) if kind == "container" else ("--filter", "type=custom")
            names = _run(*docker, kind, "ls", "--quiet", *options, check=False).stdout.split()
            if names:
                _run(*docker, kind, *remove, *names, check=False)

    def _add_bridge(self):
        _run("ip", "link", "delete", BRIDGE, check=False)  # Left behind by a run that was killed.
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "address", "add", _free_network(), "dev", BRIDGE)
        _run("ip", "link", "set", BRIDGE, "mtu", _mtu(), "up")


def _routes() -> list[dict]:
    return json.loads(_run("ip", "-json", "route").stdout or "[]")


def _mtu() -> int:
    """That of the way out: a larger one loses packets where the path's is smaller."""
    for route in _routes():
        if route["dst"] == "default":
            return json.loads(_run("ip", "-json", "link", "show", route["dev"]).stdout)[0]["mtu"]
    return 1500


def _free_network() -> str:
    """The bridge's address in a private network that no route here leads to."""
    taken = {route["dst"] for route in _routes()}
    for third in range(250, 200, -1):
        if not any(dst.startswith(f"172.31.{third}.") for dst in taken):
            return f"172.31.{third}.1/24"
    raise EngineError("no private network is free for a bridge")


def _firewall() -> dict[str, str]:
    """The tables filter and nat, without counters."""
    return {
        table: re.sub(
            r"\[\d+:\d+\]", "[0:0]", _run("iptables-save", "-t", table, check=False).stdout
        )
        for table in ("filter", "nat")
    }


_EMPTY = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
}


def _restore_firewall(before: dict[str, str]):
    """Takes back what dockerd added, if it was the first: another Docker's rules are left alone."""
    for table, saved in before.items():
        if "DOCKER" in saved or _firewall()[table] == saved:
            continue
        chains = "".join(f":{chain} ACCEPT [0:0]\n" for chain in _EMPTY[table])
        rules = saved or f"*{table}\n{chains}COMMIT\n"
        _run("iptables-restore", "--table", table, check=False, input=rules)
    for table, saved in before.items():
        if re.search(r"^(-A|:\S+ (?!ACCEPT))", saved, re.MULTILINE):
            continue
        # Nothing was in it. Its chains, though empty, would have the kernel follow every connection
        # of the machine; where iptables is that of nftables they can go. Listing makes them anew.
        for chain in _EMPTY[table]:
            _run("iptables", "--table", table, "--delete-chain", chain, check=False)


def main():
    try:
        with engine() as host:
            environment = os.environ | ({"DOCKER_HOST": host} if host else {})
            sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
    except EngineError as error:
        sys.exit(f"engine: {error}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
