"""A primary, its replicas and three Sentinels as real processes on loopback ports, and pipes
between them that can lose what the primary sends, as when a node is lost with its network."""

import asyncio
import contextlib
from pathlib import Path

from lib.ports import ReservedPort
from lib.processes import ValkeyProcess, wait_until
from lib.resp import RespError

MASTER = "weather"
SENTINELS = 3
DOWN_AFTER_MS = 2_000  # Until a Sentinel believes that a node is down.
# Also how long Sentinels let a replica follow an address (our pipe) that they do not know.
FAILOVER_TIMEOUT_MS = 60_000
_CHUNK_BYTES = 256 * 1024


class Node(ValkeyProcess):
    """A Valkey with `appendfsync always` on a port, or with `sentinel` one that watches."""

    def __init__(
        self, folder: Path, name: str, *options, config_file: Path | None = None, tls: bool = False
    ):
        super().__init__(name, folder)
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self._port = ReservedPort()
        self.port = self._port.number
        self.address = ("127.0.0.1", self.port)
        self._tls = tls
        self._options = options
        self.config_file = config_file

    def launch(self):
        command = [self.PROGRAM]
        if self.config_file is not None:
            command += [self.config_file, "--sentinel"]
        else:
            command += [
                "--appendonly", "yes", "--appendfsync", "always", "--save", "",
                "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "disabled",
            ]  # fmt: skip
        ports = ["--port", 0, "--tls-port", self.port] if self._tls else ["--port", self.port]
        command += ["--bind", "127.0.0.1", *ports, "--dir", self.folder]
        self.spawn([*command, *self._options])

    def info(self, section: str) -> dict[str, str]:
        with self.client() as client:
            lines = client("INFO", section).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


class Pipe:
    """Forwards connections to a port, until it is told to lose what comes from there."""

    def __init__(self, to_port: int):
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task] = set()
        self.loses = False
        self.lost_bytes = 0

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    @property
    def port(self) -> int:
        return self._server.sockets[0].getsockname()[1]

    @property
    def is_open(self) -> bool:
        return self._server is not None and self._server.is_serving()

    async def stop(self):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            there = await asyncio.open_connection("127.0.0.1", self._to_port)
            with contextlib.suppress(OSError):
                await asyncio.gather(
                    self._forward(reader, there[1], may_lose=False),
                    self._forward(there[0], writer, may_lose=True),
                )
        except OSError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    async def _forward(self, reader, writer, may_lose: bool):
        try:
            while data := await reader.read(_CHUNK_BYTES):
                if may_lose and self.loses:
                    self.lost_bytes += len(data)
                    continue
                writer.write(data)
                await writer.drain()
        finally:
            writer.transport.abort()


class Cluster:
    """`nodes` Valkeys, the first one the primary; with more than one, three Sentinels."""

    def __init__(self, folder: Path, nodes: int):
        self._folder = folder
        # With one replica, the survivor of a failover would refuse writes until the other is back.
        safety = ("--min-replicas-to-write", "1") if nodes > 2 else ()
        self.nodes = [Node(folder, f"valkey-{i}", *safety) for i in range(nodes)]
        self.sentinels: list[Node] = []  # Those that have been started.
        self._sentinels = [
            Node(folder, name, config_file=folder / f"{name}.conf")
            for name in (f"sentinel-{number}" for number in range(SENTINELS))
        ]
        self.pipes = [Pipe(self.nodes[0].port) for _ in range(nodes - 1)]

    async def start(self):
        """Returns when all replicas follow and all Sentinels know them and each other."""
        await self._launch(self.nodes)
        for pipe, replica in zip(self.pipes, self.nodes[1:], strict=True):
            await pipe.start()
            with replica.client() as client:
                client("REPLICAOF", "127.0.0.1", pipe.port)
        if len(self.nodes) == 1:
            return
        await asyncio.to_thread(wait_until, self.replicas_follow, "the replicas follow")
        for sentinel in self._sentinels:
            sentinel.config_file.write_text(
                f"sentinel monitor {MASTER} 127.0.0.1 {self.nodes[0].port} 2\n"
                f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}\n"
                f"sentinel failover-timeout {MASTER} {FAILOVER_TIMEOUT_MS}\n"
            )
        self.sentinels = self._sentinels
        await self._launch(self.sentinels)
        await asyncio.to_thread(wait_until, self._sentinels_agree, "the Sentinels know all")

    async def _launch(self, nodes: list[Node]):
        for node in nodes:
            node.launch()  # On this thread: a child dies with the thread that made it.
        for node in nodes:
            await asyncio.to_thread(node.wait_ready)

    async def stop(self):
        for node in [*self.sentinels, *self.nodes]:
            node.kill()
        for pipe in self.pipes:
            if pipe.is_open:
                await pipe.stop()

    @property
    def flags(self) -> list[str]:
        """How a server is told of it."""
        if len(self.nodes) == 1:
            return []
        addresses = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self._sentinels)
        return ["--valkey-sentinels", addresses, "--valkey-sentinel-master", MASTER]

    @property
    def url(self) -> str:
        """With Sentinels its host and port count for nothing, and lead nowhere."""
        port = self.nodes[0].port if len(self.nodes) == 1 else 1
        return f"valkey://127.0.0.1:{port}"

    @property
    def primary(self) -> Node:
        """As the Sentinels say."""
        if not self.sentinels:
            return self.nodes[0]
        for sentinel in self.sentinels:
            with contextlib.suppress(OSError, RespError), sentinel.client() as client:
                _, port = client("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)
                return next(node for node in self.nodes if node.port == int(port))
        raise AssertionError("no Sentinel says which node is the primary")

    def replicas_follow(self) -> bool:
        """All nodes but the primary are its replicas, and have caught up."""
        try:
            info = self.primary.info("replication")
        except OSError:
            return False
        online = [v for k, v in info.items() if k.startswith("slave") and "state=online" in v]
        return info["role"] == "master" and len(online) == len(self.nodes) - 1

    def _sentinels_agree(self) -> bool:
        for sentinel in self.sentinels:
            with sentinel.client() as client:
                flat = client("SENTINEL", "MASTER", MASTER)
            state = dict(zip(flat[::2], flat[1::2], strict=True))
            known = (int(state["num-slaves"]), int(state["num-other-sentinels"]))
            if known != (len(self.nodes) - 1, SENTINELS - 1):
                return False
        return True
