"""HTTP/1.1 on a raw socket, so that tests choose every byte they send and see every byte that comes
back. A Connection belongs to one thread."""

import json
import socket
from dataclasses import dataclass

PROBLEM_TYPE = "urn:chaac:problem:"


@dataclass
class Answer:
    """One response; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The name of the problem that the answer describes, after checking its form (RFC 9457)."""
        assert self.headers["content-type"].startswith("application/problem+json"), self
        document = self.json()
        assert document["type"].startswith(PROBLEM_TYPE), document
        assert document["status"] == self.status, document
        assert document["title"] and document["detail"], document
        if self.status in (429, 503):
            assert int(self.headers["retry-after"]) >= 1, self
        return document["type"].removeprefix(PROBLEM_TYPE)

    @property
    def detail(self) -> str:
        return self.json()["detail"]


def request(method: str, target: str, body: bytes | None = None, **headers: str) -> bytes:
    """The bytes of a request. Header names are given as identifiers: content_type="text/csv"."""
    lines = [f"{method} {target} HTTP/1.1", "Host: chaac.test"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    if body is not None:
        if "content_type" not in headers:
            lines.append("Content-Type: application/json")
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def post(document, **headers: str) -> bytes:
    """The bytes of a POST of `document`: bytes as they are, other values as JSON."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return request("POST", "/api/weather", body, **headers)


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of a response's head, strictly: CRLF lines, no header twice."""
    status_line, *lines = head.removesuffix(b"\r\n\r\n").decode("ascii").split("\r\n")
    version, status, _ = status_line.split(" ", 2)
    assert version == "HTTP/1.1", status_line
    headers = {}
    for line in lines:
        name, value = line.split(":", 1)
        assert name.lower() not in headers, f"{name} twice in {head!r}"
        headers[name.lower()] = value.strip()
    return int(status), headers


class Connection:
    """A client's connection to 127.0.0.1:`port`."""

    def __init__(self, port: int, timeout_s: float = 30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def send_bytewise(self, data: bytes):
        """Each byte in a segment of its own."""
        for position in range(len(data)):
            self.socket.sendall(data[position : position + 1])

    def read(self, to_head: bool = False) -> Answer:
        """The next answer; ConnectionError when the server closes before it is complete."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._file.readline()
            if not line:
                raise ConnectionError(f"closed after {head!r}")
            head += line
        status, headers = parse_head(head)
        if status < 200 or status in (204, 304):
            return Answer(status, headers, b"")
        if to_head:
            return Answer(status, headers, b"")
        if "transfer-encoding" in headers:
            assert headers["transfer-encoding"] == "chunked", head
            assert "content-length" not in headers, head
            return Answer(status, headers, b"".join(self.chunks()))
        return Answer(status, headers, self._read_bytes(int(headers["content-length"])))

    def read_head(self) -> Answer:
        """The next answer's head; its body, if it is streamed, is left to chunks()."""
        return self.read(to_head=True)

    def chunks(self):
        """The chunks of a streamed body; ConnectionError when it is cut off before its end."""
        while True:
            size_line = self._file.readline()
            if not size_line.endswith(b"\r\n"):
                raise ConnectionError(f"closed before the next chunk, after {size_line!r}")
            size = int(size_line, 16)
            data = self._read_bytes(size)
            assert self._read_bytes(2) == b"\r\n"
            if size == 0:
                return
            yield data

    def _read_bytes(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise ConnectionError(f"closed after {len(data)} of {count} bytes")
        return data

    def exchange(self, data: bytes) -> Answer:
        self.send(data)
        return self.read(to_head=data.startswith(b"HEAD "))

    def closed_by_server(self) -> bool:
        """True when the server has closed and nothing more comes; waits for it up to the timeout.
        A reset counts: the kernel sends one when unread bytes were left."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True


def exchange(port: int, data: bytes) -> Answer:
    """One request on a connection of its own."""
    with Connection(port) as connection:
        return connection.exchange(data)


def get(port: int, target: str, **headers: str) -> Answer:
    return exchange(port, request("GET", target, **headers))
