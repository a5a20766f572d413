"""What listeners to /api/stream cost. They are a process of their own, python3 -m bench.listeners
PORT COUNT: it connects, writes a line when every one has heard something, and reads on until it is
killed."""

import contextlib
import resource
import select
import socket
import subprocess
import sys

from bench.contestants import start_chaac
from bench.context import EVERYSEC, Context, Section, together
from bench.measure import Sample, median, run, table
from bench.tools import ROOT

LISTENERS = 1_000
WITH_LISTENERS = f"with {LISTENERS:,} listeners"
REQUEST = b"GET /api/stream HTTP/1.1\r\nHost: bench\r\n\r\n"


def listeners(context: Context) -> Section:
    """What a thousand listeners to the stream cost the server, in CPU time and in memory."""
    load = context.load(64)
    results: dict[str, list[Sample]] = {EVERYSEC: [], WITH_LISTENERS: []}
    with together(start_chaac(context.place(), "everysec")) as (chaac,):
        run(chaac, load)
        before = chaac.memory_mib()
        for number in range(context.rounds):
            context.say(f"listeners: {LISTENERS:,}, round {number + 1} of {context.rounds}")
            results[EVERYSEC].append(run(chaac, load))
            with listening(chaac.port, LISTENERS):
                results[WITH_LISTENERS].append(run(chaac, load))
        with listening(chaac.port, LISTENERS):
            listener_kib = (chaac.memory_mib() - before) * 1024 / LISTENERS
    cost = {name: median(samples, "server_us") for name, samples in results.items()}
    text = (
        f"64 connections send reports, each round once alone and once while {LISTENERS:,} listen. "
        f"A listener takes {listener_kib:.1f} KiB of the server's memory.\n\n"
    )
    figures = {
        "listeners' cost": cost[WITH_LISTENERS] / cost[EVERYSEC],
        "memory of a listener": listener_kib,
    }
    return Section("Listeners", text + table(results, EVERYSEC), figures)


@contextlib.contextmanager
def listening(port: int, count: int):
    """`count` listeners, all of whom have heard an event."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.listeners", str(port), str(count)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        if not process.stdout.readline():
            raise SystemExit("the listeners could not connect")
        yield
    finally:
        process.kill()
        process.wait()


def main() -> None:
    port, count = map(int, sys.argv[1:])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))
    poll = select.epoll()
    connections = {}
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(REQUEST)
        connections[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
    silent = set(connections)
    while True:
        for descriptor, _ in poll.poll():
            if b"event: snapshot" in connections[descriptor].recv(1 << 16) and silent:
                silent.discard(descriptor)
                if not silent:
                    print("all have heard", flush=True)


if __name__ == "__main__":
    main()
