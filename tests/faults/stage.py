"""The stage of a fault run: Valkey, the proxy, the server and the load, in the order data takes."""

import asyncio
import random
from pathlib import Path

from lib.cluster import Node
from lib.model import Dump, dump_store
from lib.processes import Child, Server, Valkey, wait_until
from lib.proxy import Proxy

from faults.ledger import Ledger, check_counters
from faults.load import Load, get_json

REPLY_TIMEOUT_MS = 300  # Shortened, so that a run that waits for it stays short.


class Void(Exception):
    """The fault did not happen in this run, so it proves nothing; it is run again."""


class BareStage:
    """What every stage has; the store is up to the derived class."""

    valkey: Valkey | Node  # Of which the checks read the data.

    def __init__(self, folder: Path, rng: random.Random):
        self.rng = rng
        self.folder = folder
        self.ledger = Ledger()
        self.problems: list[str] = []
        self.may_lose = False  # L1 is not promised: losses are counted.
        self.notes: dict[str, object] = {}  # What the run's line says of this fault.
        self.server: Server | None = None
        self.load: Load | None = None

    async def until(self, condition, what: str):
        """Waits until `condition()` is true while load and proxy go on."""
        await asyncio.to_thread(wait_until, condition, what)

    async def start(self, child: Child):
        """Starts, or starts again, while load and proxy go on."""
        child.launch()  # On this thread: a child dies with the thread that made it.
        await asyncio.to_thread(child.wait_ready)

    async def store(self, *command):
        """One command to Valkey, past the proxy."""
        with self.valkey.client() as client:
            return await asyncio.to_thread(client, *command)

    async def dump(self) -> Dump:
        with self.valkey.client() as client:
            return await asyncio.to_thread(dump_store, client)

    async def get(self, target: str) -> dict:
        return await get_json(self.server.port, target)

    def check_counters(self, dump: Dump, when: str):
        """L2 in the middle of the run: it holds at every instant."""
        self.problems += [f"{problem} ({when})" for problem in check_counters(dump)]


class Stage(BareStage):
    """Everything a fault may touch. Use as an async context."""

    def __init__(self, folder: Path, rng: random.Random, *valkey_options: str):
        super().__init__(folder, rng)
        self.valkey = Valkey(folder, *valkey_options)
        self.proxy = Proxy(self.valkey.socket_path)

    async def __aenter__(self) -> "Stage":
        await self.start(self.valkey)
        await self.proxy.start()
        self.server = Server(
            self.folder,
            self.proxy.url,
            *("--store-reply-timeout-ms", str(REPLY_TIMEOUT_MS)),
            *("--list-length-max", "1000000"),
            *("--loops", str(self.rng.choice([1, 2]))),
        )
        try:
            await self.start(self.server)
        except BaseException:
            await self.__aexit__()
            raise
        self.load = Load(self.server.port, self.ledger, self.rng)
        return self

    async def __aexit__(self, *_):
        await self.proxy.stop()
        if self.server is not None:
            self.server.kill()
        self.valkey.kill()
