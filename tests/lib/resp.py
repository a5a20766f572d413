"""A tiny RESP2 client for reading and tampering with Valkey in tests, and the frame splitter of the
proxy. One client belongs to one thread. Replies are str, int, None, lists, or RespError."""

import socket


class RespError(Exception):
    """An error reply of the store, such as "WRONGTYPE …"."""


def encode(*args) -> bytes:
    """A command as the array of bulk strings that servers expect."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def frame_end(buffer, start: int) -> int | None:
    """Where the value that starts at `start` ends; None while its bytes are incomplete."""
    pending = 1
    while pending:
        line_end = buffer.find(b"\r\n", start)
        if line_end < 0:
            return None
        kind = buffer[start : start + 1]
        if kind == b"*":
            pending += max(0, int(buffer[start + 1 : line_end]))
            start = line_end + 2
        elif kind == b"$":
            length = int(buffer[start + 1 : line_end])
            start = line_end + 2 + (length + 2 if length >= 0 else 0)
            if start > len(buffer):
                return None
        elif kind in (b"+", b"-", b":"):
            start = line_end + 2
        else:
            raise ValueError(f"not RESP2: {bytes(buffer[start : start + 40])!r}")
        pending -= 1
    return start


def command_name(frame: bytes) -> str:
    """What a command frame calls: "PING", or for functions "FCALL chaac_commit_v1"."""
    words = bytes(frame[:200]).split(b"\r\n", 6)
    name = words[2].decode(errors="replace").upper()
    if name == "FCALL" and len(words) > 4:
        name += " " + words[4].decode(errors="replace")
    return name


class RespClient:
    """A blocking connection to a unix socket (a path) or to (host, port)."""

    def __init__(self, address, timeout_s: float = 30):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        self._socket.connect(address)
        self._file = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self._socket.close()

    def __call__(self, *args):
        """The reply to one command; error replies are raised."""
        self._socket.sendall(encode(*args))
        reply = self._read()
        if isinstance(reply, RespError):
            raise reply
        return reply

    def transaction(self, commands: list[tuple]) -> list:
        """The replies to `commands`, run as one atomic step; errors are values in the list."""
        queue = [("MULTI",), *commands, ("EXEC",)]
        self._socket.sendall(b"".join(encode(*command) for command in queue))
        replies = [self._read() for _ in queue]
        if isinstance(replies[-1], RespError):
            raise replies[-1]
        return replies[-1]

    def _read(self):
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the store closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return RespError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if int(rest) < 0:
                return None
            data = self._file.read(int(rest) + 2)
            return data[:-2].decode("utf-8", "surrogateescape")
        if kind == b"*":
            return None if int(rest) < 0 else [self._read() for _ in range(int(rest))]
        raise ValueError(f"not RESP2: {line!r}")
