"""Listeners to the stream of figures: one that reads every event strictly, and a crowd that counts
them. A Listener belongs to one thread; a Crowd has one of its own."""

import json
import select
import socket
import threading
from dataclasses import dataclass

from lib.wire import Answer, parse_head, request

TARGET = "/api/stream"
LAST_CHUNK = b"0\r\n\r\n"


@dataclass
class Event:
    """One event; `number` is its id, None without."""

    kind: str
    data: dict
    number: int | None


def parse_event(text: str) -> Event:
    """An event's lines, strictly: each field once, in the order in which the server writes them."""
    fields = [line.partition(": ")[::2] for line in text.removesuffix("\n\n").split("\n")]
    names = [name for name, _ in fields]
    assert names in (["id", "event", "data"], ["event", "data"]), text
    values = dict(fields)
    number = int(values["id"]) if "id" in values else None
    return Event(values["event"], json.loads(values["data"]), number)


class Listener:
    """Connects to 127.0.0.1:`port` and listens. `receive_bytes` bounds the kernel's buffer."""

    def __init__(self, port: int, receive_bytes: int = 0, timeout_s: float = 30, **headers: str):
        self.socket = socket.socket()
        self.socket.settimeout(timeout_s)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", port))
        self._file = self.socket.makefile("rb")
        self.socket.sendall(request("GET", TARGET, **headers))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self.socket.close()

    def read_head(self) -> tuple[int, dict[str, str]]:
        """Status and headers, and the chunk that says how soon to come back."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._file.readline()
            if not line:
                raise ConnectionError(f"closed after {head!r}")
            head += line
        status, headers = parse_head(head)
        if status == 200:
            assert headers["transfer-encoding"] == "chunked"
            assert self.read_chunk() == b"retry: 1000\n\n"
        return status, headers

    def read_chunk(self) -> bytes:
        """Empty: the stream was ended in order."""
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("closed between chunks")
        data = self._file.read(int(line, 16) + 2)
        assert data.endswith(b"\r\n"), data
        return data[:-2]

    def read(self) -> Event | None:
        """The next event; None at the stream's end. An event is a chunk of its own."""
        chunk = self.read_chunk()
        return parse_event(chunk.decode()) if chunk else None

    def read_until(self, condition) -> Event:
        """The first event that meets the condition."""
        while True:
            event = self.read()
            assert event is not None, "the stream ended"
            if condition(event):
                return event


def first_answer(port: int) -> Answer:
    """The stream's head and its first event, as if they were all."""
    with Listener(port) as listener:
        status, headers = listener.read_head()
        return Answer(status, headers, listener.read_chunk())


class Crowd(threading.Thread):
    """`size` listeners that read all that comes, and count the events of each."""

    def __init__(self, port: int, size: int):
        super().__init__(daemon=True)
        self._port = port
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._leaving = threading.Event()
        self.events = [0] * size
        self.failures: list[str] = []
        self._index: dict[int, int] = {}
        for i in range(size):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(request("GET", TARGET))
            self._sockets[connection.fileno()] = connection
            self._index[connection.fileno()] = i
            self._poll.register(connection, select.EPOLLIN)

    def run(self):
        while not self._leaving.is_set():
            for descriptor, _ in self._poll.poll(0.1):
                data = self._sockets[descriptor].recv(1 << 16)
                if not data:
                    self.failures.append("closed by the server")
                    self._poll.unregister(descriptor)
                # Small events arrive whole: a chunk is a segment.
                self.events[self._index[descriptor]] += data.count(b"\nevent: snapshot\n")

    def leave(self):
        self._leaving.set()
        self.join()
        for connection in self._sockets.values():
            connection.close()
