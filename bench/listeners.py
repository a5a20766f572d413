"""Listeners to /api/stream, in a process of their own: they read what comes and forget it.
python3 -m bench.listeners PORT COUNT connects, writes a line when every one has heard something,
and reads on until it is killed."""

import contextlib
import resource
import select
import socket
import subprocess
import sys

from bench.contestants import ROOT

REQUEST = b"GET /api/stream HTTP/1.1\r\nHost: bench\r\n\r\n"


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
