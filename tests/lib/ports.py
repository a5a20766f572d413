"""Ports for the servers of tests and measurements, chosen before these servers are started.

A port that merely was free a moment ago may be another's by the time it is bound: the system gives
it to a listener that asks for any port, or to an outgoing connection. So it is held until then, and
afterwards too.

As a program, for what is not written in Python: prints as many ports as it is told, one a line, and
holds them until its standard input ends.
"""

import socket
import sys


class ReservedPort:
    """A TCP port that the system gives to nobody while this object lives: its socket is bound to it
    and never listens. Beside it a server may bind the port by its number, and again after a
    restart, on any address, because both allow reuse (every server here does).

    Somebody else who asks for this very number gets it too; but nobody does, where all ports of
    tests come from here. Until a server listens, a connection to it is refused.
    """

    def __init__(self):
        # On every address: a port from which another address has a connection is not free for all.
        dual = socket.has_dualstack_ipv6()
        self._socket = socket.socket(socket.AF_INET6 if dual else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if dual:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._socket.bind(("", 0))
        self.number: int = self._socket.getsockname()[1]


def main() -> None:
    ports = [ReservedPort() for _ in range(int(sys.argv[1]))]
    print(*(port.number for port in ports), sep="\n", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
