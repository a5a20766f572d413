"""Which TCP ports are free, and who holds one that is not. Linux only: it reads /proc."""

import os
import socket
from pathlib import Path

LISTEN = "0A"  # The state column of /proc/net/tcp.


def is_free(port: int) -> bool:
    """Whether nothing listens on the port, on any address of this machine, and one may listen on
    127.0.0.1. A connection that another address of it has from this port takes nothing away."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of an earlier run in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return True  # A port below 1024 as an ordinary user; binding it will say so.
        except OSError:
            return False
    return not listening_inodes(port)


def why_taken(port: int, flag: str) -> str | None:
    """Who has the port, and that `flag` chooses another one; None if it is free."""
    if is_free(port):
        return None
    by = holder(port)
    return (
        f"port {port} is in use{f' by {by}' if by else ''}: stop that, or choose another port with"
        f" {flag}."
    )


def first_free(ports: range) -> int | None:
    return next((port for port in ports if is_free(port)), None)


def listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:  # A kernel without IPv6.
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(columns[9])
    return inodes


def listens(pid: int, port: int) -> bool:
    """Whether this process listens on the port."""
    return _holds(pid, _sockets_listening(port))


def holder(port: int) -> str | None:
    """For example "nginx (pid 123)"; None if /proc does not tell, as for another user's process."""
    wanted = _sockets_listening(port)
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds(process.name, wanted):
            try:
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
            except OSError:  # Gone meanwhile.
                continue
    return None


def _sockets_listening(port: int) -> set[str]:
    return {f"socket:[{inode}]" for inode in listening_inodes(port)}


def _holds(pid: int | str, sockets: set[str]) -> bool:
    try:
        return any(os.readlink(fd) in sockets for fd in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # Not ours to read, or gone meanwhile.
        return False
