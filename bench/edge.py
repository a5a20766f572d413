"""What the shipped NGINX edge (deploy/nginx) can carry, and what it costs a report."""

import subprocess
from pathlib import Path

from lib.ports import ReservedPort

from bench.contestants import Contestant, start_chaac, start_nginx, wait_for
from bench.context import NGINX, Context, Section, together
from bench.measure import check_stored, run_in_turn, table
from bench.tools import ROOT

EDGE_CONFIG = ROOT / "deploy/nginx/nginx.conf"
# The load comes from one address, which the edge would hold to 5,000 requests a second.
CHANGES = {
    "rate=5000r/s": "rate=1000000r/s",
    "listen 8080 ": "listen 127.0.0.1:{port} ",
    "/tmp/": "{folder}/",
    "error_log /dev/stderr": "error_log {folder}/error.log",
    "access_log /dev/stdout": "access_log {folder}/access.log",
}


def start_edge(folder: Path, behind: Contestant) -> Contestant:
    """In front of `behind`. Its first process is the edge; what is behind counts as its store."""
    folder.mkdir()
    reserved = ReservedPort()
    port = reserved.number
    config = EDGE_CONFIG.read_text()
    for shipped, here in CHANGES.items():
        if shipped not in config:
            raise SystemExit(f"{EDGE_CONFIG}: no {shipped!r} to change for this measurement")
        config = config.replace(shipped, here.format(port=port, folder=folder))
    (folder / "nginx.conf").write_text(config)
    (folder / "upstream.conf").write_text(f"server 127.0.0.1:{behind.port};\n")
    process = subprocess.Popen(
        ["nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf", "-g", "daemon off;"]
    )
    wait_for(f"http://127.0.0.1:{port}/ready")
    return Contestant(f"edge, {behind.name}", port, behind.admin_port, [process, *behind.processes])


def edge(context: Context) -> Section:
    """The shipped NGINX edge in front of a constant, its own ceiling, and in front of Chaac."""
    context.say("edge")
    load = context.load(64)
    with (
        together(start_nginx(context.place()), start_chaac(context.place(), "everysec")) as direct,
        together(*(start_edge(context.place(), behind) for behind in direct)) as edges,
    ):
        contestants = [direct[0], edges[0], direct[1], edges[1]]
        results = run_in_turn(contestants, load, context.rounds, context.say)
        both = results[direct[1].name] + results[edges[1].name]
        stored = check_stored(direct[1], both, load)
    text = (
        "`deploy/nginx/nginx.conf` with its limit of requests an address out of the way, two"
        " workers, 64 connections. Where the edge is in front, CPU is that of the edge, then of all"
        " behind it.\n\n"
    )
    return Section(
        "The edge", f"{text}{table(results, NGINX)}\n\nAcknowledged and stored: {stored}."
    )
