"""Requests per second of Chaac beside nginx answering a constant, and CPU time per report.

All contestants run in turn, round after round, with the client and Valkey on the same machine;
figures are medians. Every acknowledged report is compared with the store's counts.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PORT, ADMIN_PORT, NGINX_PORT = 28081, 29081, 28080
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

NGINX_CONFIG = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
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


# As long as what Chaac answers.
NGINX_ANSWER = (
    '{"status":"success","message":"weather report stored","id":"tweet-1795480929121000"}'
)


@dataclass
class Sample:
    requests_per_second: float
    p99_ms: float
    server_us: float
    store_us: float


@dataclass
class Contestant:
    name: str
    port: int
    processes: list = field(
        default_factory=list
    )  # (what, Popen): the server first, then the store.
    samples: list = field(default_factory=list)


def cpu_seconds(process: subprocess.Popen) -> float:
    """User and system time of a process and of the children it has (nginx's worker)."""
    pids = [process.pid]
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    pids += [int(pid) for pid in children.read_text().split()]
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_SECOND


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")


def start_nginx(folder: Path) -> Contestant:
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(folder=folder, port=NGINX_PORT, answer=NGINX_ANSWER))
    process = subprocess.Popen(["nginx", "-e", str(folder / "error.log"), "-c", str(config)])
    wait_for(f"http://127.0.0.1:{NGINX_PORT}/")
    return Contestant("nginx, a constant", NGINX_PORT, [process])


def start_chaac(folder: Path, appendfsync: str, offset: int) -> Contestant:
    store_folder = folder / appendfsync
    store_folder.mkdir()
    socket = store_folder / "valkey.sock"
    valkey = shutil.which("valkey-server") or shutil.which("redis-server")
    store = subprocess.Popen(
        [valkey, "--port", "0", "--unixsocket", str(socket), "--dir", str(store_folder)]
        + ["--appendonly", "yes", "--appendfsync", appendfsync, "--save", ""]
        + ["--auto-aof-rewrite-min-size", "4gb", "--logfile", str(store_folder / "log")]
    )
    while not socket.exists():
        time.sleep(0.05)
    port, admin = PORT + offset, ADMIN_PORT + offset
    with open(store_folder / "chaac.log", "w") as log:
        server = subprocess.Popen(
            [str(ROOT / "build/release/chaac"), "serve", "--port", str(port)]
            + ["--admin-port", str(admin), "--listen-host", "127.0.0.1"]
            + ["--admin-host", "127.0.0.1", "--valkey-url", f"unix://{socket}"],
            stderr=log,
        )
    wait_for(f"http://127.0.0.1:{port}/ready")
    return Contestant(f"chaac, {appendfsync}", port, [server, store])


def run_wrk(port: int, connections: int, seconds: int) -> tuple[int, float, float]:
    """Requests, requests/s, and the 99th percentile in milliseconds. Errors end the run."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
        + ["-s", str(ROOT / "bench/post.lua"), f"http://127.0.0.1:{port}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"wrk saw errors:\n{output}")
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    p99_ms = float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    return requests, float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)), p99_ms


def measure(contestant: Contestant, connections: int, seconds: int) -> None:
    before = [cpu_seconds(process) for process in contestant.processes]
    requests, rate, p99_ms = run_wrk(contestant.port, connections, seconds)
    spent = [
        (cpu_seconds(process) - start) * 1e6 / requests
        for process, start in zip(contestant.processes, before, strict=True)
    ]
    contestant.samples.append(Sample(rate, p99_ms, spent[0], sum(spent[1:])))


def accepted_and_stored(contestant: Contestant) -> tuple[int, int]:
    """What the server says it accepted, and what the store counts."""
    time.sleep(2.5)  # Until a snapshot that was taken after the last commit.
    admin = contestant.port - PORT + ADMIN_PORT
    page = urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics").read().decode()
    accepted = int(re.search(r"^chaac_reports_accepted_total (\d+)", page, re.MULTILINE).group(1))
    stats = json.load(urllib.request.urlopen(f"http://127.0.0.1:{contestant.port}/stats"))
    return accepted, stats["total_processed"]


def table(contestants: list[Contestant]) -> str:
    lines = [
        "| contestant | requests/s (spread) | of nginx | server CPU µs | Valkey CPU µs | p99 ms |",
        "|---|---|---|---|---|---|",
    ]
    base = statistics.median(s.requests_per_second for s in contestants[0].samples)
    for contestant in contestants:
        rates = [s.requests_per_second for s in contestant.samples]
        rate = statistics.median(rates)
        server, store, p99 = (
            statistics.median(getattr(s, name) for s in contestant.samples)
            for name in ("server_us", "store_us", "p99_ms")
        )
        lines.append(
            f"| {contestant.name} | {rate:,.0f} ({min(rates):,.0f}–{max(rates):,.0f}) "
            f"| {rate / base:.2f} | {server:.1f} | {store:.1f} | {p99:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=8, help="of each run (default 8)")
    parser.add_argument("--rounds", type=int, default=5, help="of all contestants (default 5)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chaac-bench-"))
    contestants: list[Contestant] = []
    try:
        contestants.append(start_nginx(folder))
        contestants.append(start_chaac(folder, "everysec", 0))
        contestants.append(start_chaac(folder, "always", 1))
        for round_number in range(options.rounds):
            for contestant in contestants:
                print(f"round {round_number + 1}: {contestant.name}", flush=True)
                measure(contestant, options.connections, options.seconds)
        print(f"\n{options.connections} connections, medians of {options.rounds} runs:\n")
        print(table(contestants))
        for contestant in contestants[1:]:
            accepted, stored = accepted_and_stored(contestant)
            print(f"\n{contestant.name}: {accepted:,} accepted, {stored:,} stored")
            if accepted != stored:
                raise SystemExit("the store does not hold what was acknowledged")
    finally:
        for contestant in contestants:
            for process in contestant.processes:
                process.send_signal(signal.SIGTERM)
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
