"""The contestants: real processes on loopback, each with a store of its own where it has one."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
    """A server, and its store if it has one. `processes`: the server first, then the store."""

    name: str
    port: int
    admin_port: int | None = None  # Chaac's.
    processes: list[subprocess.Popen] = field(default_factory=list)

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
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(folder=folder, port=port, answer=answer, workers=workers))
    process = subprocess.Popen(["nginx", "-e", str(folder / "error.log"), "-c", str(config)])
    wait_for(f"http://127.0.0.1:{port}/")
    name = "nginx, a constant" if workers == 1 else f"nginx, {workers} workers"
    return Contestant(name, port, processes=[process])


def start_valkey(folder: Path, appendfsync: str, port: int = 0) -> tuple[subprocess.Popen, str]:
    """A private Valkey on a socket in `folder`, and on a TCP port if one is given."""
    folder.mkdir()
    path = folder / "valkey.sock"
    program = shutil.which("valkey-server") or "redis-server"
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(path)]
        + ["--dir", str(folder), "--appendonly", "yes", "--appendfsync", appendfsync]
        + ["--save", "", "--auto-aof-rewrite-min-size", "4gb", "--logfile", str(folder / "log")]
    )
    while not path.exists():
        time.sleep(0.05)
    return process, str(path)


def start_chaac(
    folder: Path,
    appendfsync: str,
    *flags: str,
    name: str | None = None,
    unix_socket: bool = False,
    binary: Path = ROOT / "build/release/chaac",
) -> Contestant:
    """Over TCP, as deployed, unless a socket is asked for."""
    store_port = 0 if unix_socket else free_port()
    store, path = start_valkey(folder, appendfsync, store_port)
    port, admin_port = free_port(), free_port()
    url = f"unix://{path}" if unix_socket else f"valkey://127.0.0.1:{store_port}"
    with (folder / "chaac.log").open("w") as log:
        server = subprocess.Popen(
            [str(binary), "serve", "--port", str(port)]
            + ["--admin-port", str(admin_port), "--listen-host", "127.0.0.1"]
            + ["--admin-host", "127.0.0.1", "--valkey-url", url, *flags],
            stderr=log,
        )
    wait_for(f"http://127.0.0.1:{port}/ready")
    return Contestant(name or f"chaac, {appendfsync}", port, admin_port, [server, store])


def start_floor(folder: Path) -> Contestant:
    """Chaac without its store: all the rest of a report's way."""
    return start_chaac(folder, "everysec", name="chaac, nothing stored", binary=floor_binary())


def start_go(binary: Path, folder: Path, mode: str, appendfsync: str) -> Contestant:
    store_port = free_port()
    store, _ = start_valkey(folder, appendfsync, store_port)
    port = free_port()
    with (folder / "baseline.log").open("w") as log:
        server = subprocess.Popen(
            [str(binary), "-mode", mode, "-listen", f"127.0.0.1:{port}"]
            + ["-valkey", f"127.0.0.1:{store_port}"],
            stderr=log,
        )
    wait_for(f"http://127.0.0.1:{port}/ready")
    return Contestant(f"Go {mode}, {appendfsync}", port, processes=[server, store])
