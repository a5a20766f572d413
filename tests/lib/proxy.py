"""A proxy between the server and Valkey that cuts, holds and loses whole commands and replies, so
that a fault happens at the exact byte a test wants. Runs on one asyncio loop, owned by the test.

A Wire decides about every command and reply; this one forwards all. Links are numbered from 0."""

import asyncio
import collections
import contextlib
import socket
import struct

from lib.resp import command_name, frame_end

_CHUNK_BYTES = 256 * 1024


class Wire:
    """Forwards everything. Faults derive from it. Called in the order of the bytes on each link."""

    async def on_command(self, link: "Link", name: str, frame: bytes):
        link.to_store(frame)

    async def on_reply(self, link: "Link", name: str, frame: bytes):
        link.to_server(frame)

    async def on_server_closed(self, link: "Link"):
        """Not called when the proxy itself cut the server's side off."""
        link.close_store_side()


def is_commit(name: str) -> bool:
    return name.startswith("FCALL chaac_commit")


class Link:
    """One connection of the server, and the proxy's own to Valkey that belongs to it."""

    def __init__(self, proxy: "Proxy", number: int):
        self.number = number
        self._proxy = proxy
        self._unanswered: collections.deque[str] = collections.deque()  # Sent to the store.
        self._server: asyncio.StreamWriter | None = None
        self._store: asyncio.StreamWriter | None = None
        self.server_is_gone = False

    def to_store(self, frame: bytes):
        """Sends one command; a part of one only when reset() comes next."""
        self._unanswered.append(command_name(frame))
        self._store.write(frame)

    def to_server(self, data: bytes):
        if not self.server_is_gone:
            self._server.write(data)

    def reset_server_side(self):
        """The server sees a reset; the connection to Valkey stays open."""
        if not self.server_is_gone:
            self.server_is_gone = True
            sock = self._server.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._server.transport.abort()

    def close_store_side(self):
        """What was written before still arrives at Valkey."""
        self._store.close()

    def reset(self):
        """Both sides see the connection end."""
        self.reset_server_side()
        self.close_store_side()

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._server = writer
        try:
            store_reader, self._store = await asyncio.open_unix_connection(self._proxy.store_path)
        except OSError:
            writer.transport.abort()
            return
        replies = asyncio.create_task(self._pump(store_reader, self._reply))
        try:
            await self._pump(reader, self._command)
            if not self.server_is_gone:
                self.server_is_gone = True
                await self._proxy.wire.on_server_closed(self)
            await replies
        finally:
            replies.cancel()
            self._store.close()
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, handle):
        """Calls `handle` with each complete frame until the side closes."""
        buffer = bytearray()
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(_CHUNK_BYTES):
                buffer += chunk
                start = 0
                while start < len(buffer) and (end := frame_end(buffer, start)) is not None:
                    await handle(bytes(buffer[start:end]))
                    start = end
                del buffer[:start]
        if handle == self._reply:
            self.reset_server_side()  # Valkey closed: the server must see it.

    async def _command(self, frame: bytes):
        if self.server_is_gone:
            return
        await self._proxy.wire.on_command(self, command_name(frame), frame)
        with contextlib.suppress(ConnectionError):
            await self._store.drain()

    async def _reply(self, frame: bytes):
        await self._proxy.wire.on_reply(self, self._unanswered.popleft(), frame)


class Proxy:
    """Listens on 127.0.0.1 in front of the Valkey at `store_path`."""

    def __init__(self, store_path: str):
        self.store_path = store_path
        self.wire = Wire()
        self.links: list[Link] = []
        self._tasks: set[asyncio.Task] = set()
        self._listener: asyncio.Server | None = None

    async def start(self) -> "Proxy":
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def stop(self):
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"valkey://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"

    def reset_all(self):
        for link in self.links:
            if not link.server_is_gone:
                link.reset()

    async def _accept(self, reader, writer):
        link = Link(self, len(self.links))
        self.links.append(link)
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):  # By stop(), which is the end of it.
            await link.run(reader, writer)
