"""The contestants: real processes on loopback, each with a store of its own where it has one."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from lib.ports import ReservedPort
from lib.processes import Valkey

from bench.tools import ROOT, floor_binary

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
START_SECONDS_MAX = 20

# As long as what Chaac answers to one report.
REPORT_ANSWER = (
    '{"status":"success","message":"weather report stored","id":"tweet-1795480929121000"}'
)

NGINX_CONFIG = """
worker_processes {workers}; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    location / {{ return 200 '{answer}'; }}
  }}
}}
"""


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            get(url)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"{url} does not answer") from None
            time.sleep(0.05)


@dataclass
class Contestant:
    """A server, and its store if it has one. `processes`: the server first, then the store's."""

    name: str
    port: int
    admin_port: int | None = None  # Chaac's.
    processes: list[subprocess.Popen] = field(default_factory=list)
    store: Valkey | None = None  # Its socket is gone with this object.

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> list[float]:
        """User and system time of each process, with the children it has (nginx's worker)."""
        return [_cpu_seconds(process.pid) for process in self.processes]

    def memory_mib(self, process: int = 0) -> float:
        status = Path(f"/proc/{self.processes[process].pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def counted(self) -> tuple[int | None, int]:
        """Reports that the server says it accepted, if it says so, and reports in its store."""
        time.sleep(2.5)  # Chaac's snapshot is at most a second old.
        stored = json.loads(get(f"{self.url}/stats"))["total_processed"]
        if self.admin_port is None:
            return None, stored
        page = get(f"http://127.0.0.1:{self.admin_port}/metrics").decode()
        return int(re.search(r"^chaac_reports_accepted_total (\d+)", page, re.M).group(1)), stored

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _cpu_seconds(pid: int) -> float:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = 0
    for each in (pid, *children):
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def start_nginx(folder: Path, answer: str = REPORT_ANSWER, workers: int = 1) -> Contestant:
    folder.mkdir()
    reserved = ReservedPort()
    port = reserved.number
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(folder=folder, port=port, answer=answer, workers=workers))
    process = subprocess.Popen(["nginx", "-e", str(folder / "error.log"), "-c", str(config)])
    wait_for(f"http://127.0.0.1:{port}/")
    name = "nginx, a constant" if workers == 1 else f"nginx, {workers} workers"
    return Contestant(name, port, processes=[process])


def start_valkey(folder: Path, appendfsync: str, port: int = 0) -> Valkey:
    """A private Valkey on a socket, and on a TCP port if one is given."""
    tcp = ("--port", str(port), "--bind", "127.0.0.1") if port else ()
    no_rewrites = ("--auto-aof-rewrite-min-size", "4gb")
    return Valkey(folder, "--appendfsync", appendfsync, *no_rewrites, *tcp).start()


def start_chaac(
    folder: Path,
    appendfsync: str,
    *flags: str,
    name: str | None = None,
    unix_socket: bool = False,
    binary: Path = ROOT / "build/release/chaac",
) -> Contestant:
    """Over TCP, as deployed, unless a socket is asked for."""
    reserved = [ReservedPort() for _ in range(3)]
    port, admin_port, store_port = (each.number for each in reserved)
    store = start_valkey(folder, appendfsync, 0 if unix_socket else store_port)
    url = store.url if unix_socket else f"valkey://127.0.0.1:{store_port}"
    with (folder / "chaac.log").open("w") as log:
        server = subprocess.Popen(
            [str(binary), "serve", "--port", str(port)]
            + ["--admin-port", str(admin_port), "--listen-host", "127.0.0.1"]
            + ["--admin-host", "127.0.0.1", "--valkey-url", url, *flags],
            stderr=log,
        )
    wait_for(f"http://127.0.0.1:{port}/ready")
    processes = [server, store.process]
    return Contestant(name or f"chaac, {appendfsync}", port, admin_port, processes, store)


def start_floor(folder: Path) -> Contestant:
    """Chaac without its store: all the rest of a report's way."""
    return start_chaac(folder, "everysec", name="chaac, nothing stored", binary=floor_binary())


def start_go(binary: Path, folder: Path, mode: str, appendfsync: str) -> Contestant:
    reserved = [ReservedPort() for _ in range(2)]
    port, store_port = (each.number for each in reserved)
    store = start_valkey(folder, appendfsync, store_port)
    with (folder / "baseline.log").open("w") as log:
        server = subprocess.Popen(
            [str(binary), "-mode", mode, "-listen", f"127.0.0.1:{port}"]
            + ["-valkey", f"127.0.0.1:{store_port}"],
            stderr=log,
        )
    wait_for(f"http://127.0.0.1:{port}/ready")
    processes = [server, store.process]
    return Contestant(f"Go {mode}, {appendfsync}", port, processes=processes, store=store)
