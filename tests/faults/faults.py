"""The faults: each breaks something under load, waits until it has really happened, and mends it.
A fault that did not happen raises Void; what must hold afterwards is checked by the run."""

import asyncio
import signal
import time

from lib.proxy import Link, Wire, is_commit
from lib.reports import MUNICIPALITIES

from faults.failover import fail_over
from faults.stage import REPLY_TIMEOUT_MS, Stage, Void

FAULTS = {}
WAIT_SECONDS_MAX = 20


def fault(function):
    """Enters the function under its name with hyphens."""
    FAULTS[function.__name__.replace("_", "-")] = function
    return function


class Hold(Wire):
    """Keeps the next commit (or its reply) and all that follows it on its link, until released."""

    def __init__(self, kept: str):
        self.kept = kept  # "command" or "reply"
        self.frames: list[bytes] = []
        self.link: Link | None = None
        self.holds = asyncio.Event()
        self.late_reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def _keeps(self, link: Link, name: str, frame: bytes) -> bool:
        if self.link is None and is_commit(name) and not frame.startswith(b"-"):
            self.link = link
            self.holds.set()
        if link is self.link:
            self.frames.append(frame)
        return link is self.link

    async def on_command(self, link: Link, name: str, frame: bytes):
        if self.kept != "command" or not self._keeps(link, name, frame):
            link.to_store(frame)

    async def on_reply(self, link: Link, name: str, frame: bytes):
        if link is self.link and self.kept == "command":
            if is_commit(name) and not self.late_reply.done():
                self.late_reply.set_result(frame)
        elif self.kept != "reply" or not self._keeps(link, name, frame):
            link.to_server(frame)

    async def on_server_closed(self, link: Link):
        if link is not self.link:
            link.close_store_side()

    def send_late(self):
        """Sends the kept commit, and what followed it, to Valkey. Its reply proves that it ran."""
        for frame in self.frames:
            self.link.to_store(frame)


def fence_of(commit: bytes) -> bytes:
    """The key of the writer's fence: the first key of the call."""
    return commit.split(b"\r\n", 9)[8]


async def within(waiting, what: str):
    """The result of `waiting`; an AssertionError that names `what` when it does not come."""
    try:
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            return await waiting
    except TimeoutError:
        raise AssertionError(f"waited {WAIT_SECONDS_MAX} s in vain: {what}") from None


def reply_name(reply: bytes) -> str:
    """What a reply says first, for the run's notes: "+APPLIED", "NOFENCE", "*0"."""
    lines = reply.split(b"\r\n")[: 3 if reply.startswith(b"*") else 1]
    return next(line for line in reversed(lines) if line).decode(errors="replace")[:40]


async def deliver_late(stage: Stage, hold: Hold):
    """Lets the held commit reach Valkey and notes what it answered."""
    hold.send_late()
    reply = await within(hold.late_reply, "Valkey's reply to the late commit")
    stage.notes["late"] = reply_name(reply)


@fault
async def kill_server(stage: Stage):
    """kill -9 of the server with a commit on its way: not yet at Valkey, or applied and the reply
    not yet back. A commit that was on its way may arrive after the death, or not at all."""
    for _ in range(2):
        hold = stage.proxy.wire = Hold(stage.rng.choice(["command", "reply"]))
        await within(hold.holds.wait(), "a commit to hold")
        if not stage.server.kill():
            raise AssertionError("the server was dead before it was killed")
        late = stage.rng.choice(["before", "after", "never"])
        if hold.kept == "command" and late == "before":
            await deliver_late(stage, hold)
        await stage.start(stage.server)
        await stage.load.reach("acknowledged", 150)
        if hold.kept == "command" and late == "after":
            await deliver_late(stage, hold)
        hold.link.reset()
        stage.proxy.wire = Wire()
        await stage.load.reach("acknowledged", 150)


@fault
async def kill_valkey(stage: Stage):
    """kill -9 of Valkey, with `appendfsync always`: just after a commit was sent to it, or after it
    was applied and before the server learns it. Restarted after a while, on the same files."""
    for _ in range(2):
        hold = stage.proxy.wire = Hold(stage.rng.choice(["command", "reply"]))
        await within(hold.holds.wait(), "a commit to hold")
        if hold.kept == "command":  # Race the death against the commit.
            hold.link.to_store(hold.frames[0])
            await asyncio.sleep(stage.rng.choice([0, 0.0002, 0.001]))
        if not stage.valkey.kill():
            raise AssertionError("Valkey was dead before it was killed")
        stage.proxy.wire = Wire()
        await asyncio.sleep(stage.rng.choice([0, 0.1, 2 * REPLY_TIMEOUT_MS / 1000]))
        await stage.start(stage.valkey)
        await stage.load.reach("acknowledged", 300)


class LoseReplies(Wire):
    """Lets commits pass and cuts the connection instead of delivering their replies."""

    def __init__(self, count: int):
        self.left = count
        self.lost = 0

    async def on_reply(self, link: Link, name: str, frame: bytes):
        if self.left and is_commit(name) and not frame.startswith(b"-"):
            self.left -= 1
            self.lost += 1
            link.reset()
        else:
            link.to_server(frame)


@fault
async def reply_lost(stage: Stage):
    """The connection ends after a commit was applied and before its reply arrives, also several
    times in a row."""
    for count in (1, stage.rng.randint(2, 4), 1):
        wire = stage.proxy.wire = LoseReplies(count)
        await stage.until(lambda wire=wire: not wire.left, "the replies are lost")
        await stage.load.reach("acknowledged", 200)
        stage.notes["lost"] = stage.notes.get("lost", 0) + wire.lost


class LateCommit(Hold):
    """Cuts the server off from a commit on its way and delivers it later, relative to the copy that
    the server sends again on another link: "first", "beside" it, or "behind" its reply. "later" is
    left to the caller."""

    def __init__(self, when: str):
        super().__init__("command")
        self._when = when
        self._resent_on: Link | None = None

    async def on_command(self, link: Link, name: str, frame: bytes):
        if self.link is None and self._keeps(link, name, frame):
            link.reset_server_side()
            return
        if (
            self._resent_on is None
            and is_commit(name)
            and fence_of(frame) == fence_of(self.frames[0])
        ):
            self._resent_on = link
            if self._when in ("first", "beside"):
                self.send_late()
            if self._when == "first":
                await self.late_reply
        link.to_store(frame)

    async def on_reply(self, link: Link, name: str, frame: bytes):
        await super().on_reply(link, name, frame)
        if self._when == "behind" and link is self._resent_on and is_commit(name):
            self._when = "done"
            self.send_late()


@fault
async def late_commit(stage: Stage):
    """A commit is held on its way, the server connects again and resends it; then the old copy
    arrives at Valkey as well: before, beside or behind the new one, or many commits later. Valkey's
    reply to the late copy proves that it was executed."""
    for when in stage.rng.sample(["first", "beside", "behind", "later"], 4):
        wire = stage.proxy.wire = LateCommit(when)
        if when == "later":
            await stage.load.reach("acknowledged", 300)
            wire.send_late()
        reply = await within(wire.late_reply, f"a commit that is late ({when})")
        stage.notes[when] = reply_name(reply)
        await stage.load.reach("acknowledged", 150)
        stage.proxy.wire = Wire()
        wire.link.reset()


class ResetInside(Wire):
    """Cuts a connection within the bytes of a commit, right behind them, or within its reply."""

    def __init__(self, where: str, share: float):
        self._where = where
        self._share = share
        self.happened = asyncio.Event()

    def _part(self, frame: bytes) -> bytes:
        return frame[: max(1, int(len(frame) * self._share))]

    async def on_command(self, link: Link, name: str, frame: bytes):
        if self.happened.is_set() or not is_commit(name) or self._where == "reply":
            link.to_store(frame)
            return
        self.happened.set()
        link.to_store(self._part(frame) if self._where == "command" else frame)
        link.reset()

    async def on_reply(self, link: Link, name: str, frame: bytes):
        if self.happened.is_set() or not is_commit(name) or self._where != "reply":
            link.to_server(frame)
            return
        self.happened.set()
        link.to_server(self._part(frame)[:-1] or frame[:1])
        await asyncio.sleep(0.005)  # A reset would discard what has not been sent yet.
        link.reset()


@fault
async def reset_mid_pipeline(stage: Stage):
    """The connection to Valkey is reset within the bytes of a commit, right behind them, and within
    those of a reply."""
    for where in ("command", "behind", "reply"):
        wire = stage.proxy.wire = ResetInside(where, stage.rng.random())
        await within(wire.happened.wait(), f"a reset at a commit ({where})")
        await stage.load.reach("acknowledged", 200)


@fault
async def hang(stage: Stage):
    """Valkey is stopped for longer than the reply limit: requests are answered 503 while it stands
    still, /ready says so, /health does not care, and memory stays bounded."""
    memory_kib = stage.server.memory_kib()
    stage.valkey.signal(signal.SIGSTOP)
    try:
        stopped = time.monotonic()
        await stage.load.reach("unavailable", stage.rng.randint(20, 60))
        await stage.until(lambda: not stage.server.is_ready(), "/ready is 503 while Valkey hangs")
        if (await stage.get("/health"))["status"] != "healthy":
            raise AssertionError("/health is not healthy while Valkey hangs")
        with open(f"/proc/{stage.valkey.process.pid}/stat") as stat:
            if stat.read().split()[2] != "T":
                raise Void("Valkey was not stopped")
        stage.notes["stopped_s"] = round(time.monotonic() - stopped, 2)
        stage.notes["grown_kib"] = stage.server.memory_kib() - memory_kib
    finally:
        stage.valkey.signal(signal.SIGCONT)
    await stage.until(stage.server.is_ready, "the server is ready again")


async def _error_count(stage: Stage, code: str) -> int:
    info = await stage.store("INFO", "errorstats")
    lines = [line for line in info.splitlines() if line.startswith(f"errorstat_{code}:")]
    return int(lines[0].split("count=")[1]) if lines else 0


@fault
async def maxmemory(stage: Stage):
    """Valkey's memory is full (noeviction) and refuses writes; then the limit is raised."""
    await stage.store("CONFIG", "SET", "maxmemory", "1mb")
    await stage.load.reach("unavailable", stage.rng.randint(20, 100))
    refused = await _error_count(stage, "OOM")
    if not refused:
        raise Void("Valkey refused nothing for want of memory")
    stage.notes["oom"] = refused
    await stage.store("CONFIG", "SET", "maxmemory", "0")


@fault
async def function_flush(stage: Stage):
    """The function library is removed while the server runs, several times."""
    for _ in range(stage.rng.randint(2, 4)):
        with stage.valkey.client() as client:
            before, _, after = client.transaction(
                [("FUNCTION", "LIST"), ("FUNCTION", "FLUSH", "SYNC"), ("FUNCTION", "LIST")]
            )
            if not before or after:
                raise Void("there was no library to remove")
            await stage.until(lambda: client("FUNCTION", "LIST"), "the library is loaded again")
        await stage.load.reach("acknowledged", stage.rng.randint(20, 200))


@fault
async def flushall(stage: Stage):
    """The store is emptied while the server runs: data, fences, remembered ids, all of it. What was
    acknowledged before is lost by the operator's own command. L1 holds for every request sent after
    FLUSHALL was answered; L2 and L3 hold for what is stored; by L4 all ids sent, the lost ones too,
    are stored exactly once in the end."""
    for _ in range(2):
        with stage.valkey.client() as client:
            before, _, after = client.transaction([("DBSIZE",), ("FLUSHALL",), ("DBSIZE",)])
        stage.ledger.epoch += 1
        if not before or after:
            raise Void("there was nothing to flush")
        await stage.load.reach("acknowledged", 300)


@fault
async def wrong_type(stage: Stage):
    """One key of one municipality becomes something else. Its rows are refused, and undone to the
    last counter; all others commit. Mended, the municipality is accepted again. The true value is
    kept aside, so that the checks stay exact."""
    rng, m = stage.rng, stage.rng.choice(MUNICIPALITIES)
    hour = int(time.time()) // 3600
    key = rng.choice(
        [f"count:{m}", f"weather:{m}:sunny", f"temp_count:{m}", f"temp_sum:{m}", f"tweets:{m}",
         f"temperatures:{m}", f"humidity:{m}", f"humidity_sum:{m}", f"recent:{m}",
         f"series:{m}:{hour}"]
    )  # fmt: skip
    wrong = rng.choice([("SADD", key, "x"), ("SET", key, "not a number")])
    stage.notes["key"] = f"{key} {wrong[0]}"
    if not await stage.store("EXISTS", key):
        raise Void(f"there was no {key} to break")
    with stage.valkey.client() as client:
        client.transaction([("RENAME", key, "kept"), wrong])
    await stage.load.reach("refused", 10)
    await stage.load.reach("acknowledged", 200)
    dump = await stage.dump()
    dump[key] = dump.pop("kept")
    stage.check_counters(dump, f"while {key} is wrong")
    with stage.valkey.client() as client:
        client.transaction([("DEL", key), ("RENAME", "kept", key)])
    if int(time.time()) // 3600 != hour:
        raise Void("the hour changed")
    if set(stage.ledger.key_invalid) != {m}:
        raise AssertionError(f"{key} was wrong, refused were {dict(stage.ledger.key_invalid)}")
    stage.notes["refused"] = stage.ledger.refused
    refused = stage.ledger.refused
    await stage.load.reach("acknowledged", 300)
    stage.notes["refused_later"] = stage.ledger.refused - refused


@fault
async def failover(stage: Stage):
    """kill -9 of the primary of three nodes, with `--ack replica --ack-replicas 2`, just after its
    replication was cut; Sentinels promote a replica and the server follows. What the other levels
    promise, and lose: script/faults --failovers."""
    await fail_over(stage)
