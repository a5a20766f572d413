"""The proxy's own test, with a commit that has no fence: held bytes do not reach Valkey, a lost
reply is that of an applied commit, and a late copy is really applied, so that a blind resend counts
twice. The shipped function has to survive what is shown to happen here."""

import asyncio

import pytest
from lib.processes import Valkey
from lib.proxy import Proxy
from lib.resp import RespClient, encode, frame_end

from faults.faults import Hold, LateCommit, LoseReplies, ResetInside, within

UNFENCED = """#!lua name=probe
redis.register_function('chaac_commit_probe', function(keys) return redis.call('INCR', keys[1]) end)
"""
COMMIT = encode("FCALL", "chaac_commit_probe", 1, "fence")


@pytest.fixture
def store(valkey):
    with valkey.client() as client:
        client("FLUSHALL")
        client("FUNCTION", "LOAD", "REPLACE", UNFENCED)
        yield client


class Caller:
    """A client of the store that reaches it through the proxy."""

    @classmethod
    async def connect(cls, proxy: Proxy) -> "Caller":
        caller = cls()
        port = int(proxy.url.rsplit(":", 1)[1])
        caller.reader, caller.writer = await asyncio.open_connection("127.0.0.1", port)
        return caller

    def send(self, command: bytes):
        self.writer.write(command)

    async def reply(self) -> bytes:
        """The next reply; empty when the connection ends before it is complete."""
        data = b""
        try:
            while frame_end(data, 0) is None:
                chunk = await self.reader.read(1000)
                if not chunk:
                    return b""
                data += chunk
        except ConnectionError:
            return b""
        return data


def play(valkey: Valkey, scene, wire=None):
    """Runs `scene(proxy, caller)` with the proxy in front of Valkey."""

    async def main():
        proxy = await Proxy(valkey.socket_path).start()
        if wire is not None:
            proxy.wire = wire()
        try:
            await within(scene(proxy, await Caller.connect(proxy)), "the scene")
        finally:
            await proxy.stop()

    asyncio.run(main())


def count(store: RespClient) -> int:
    return int(store("GET", "fence") or 0)


def test_the_plain_wire_forwards_everything_in_order(valkey, store):
    async def scene(proxy, caller):
        caller.send(b"".join(encode("ECHO", "x" * size) for size in (0, 1, 100_000)) + COMMIT)
        data = b""
        while not data.endswith(b":1\r\n"):
            data += await caller.reader.read(1_000_000)
        assert data == b"$0\r\n\r\n$1\r\nx\r\n$100000\r\n" + b"x" * 100_000 + b"\r\n:1\r\n"

    play(valkey, scene)


def test_a_held_commit_is_not_applied_until_it_is_sent(valkey, store):
    async def scene(proxy, caller):
        caller.send(COMMIT)
        await proxy.wire.holds.wait()
        caller.writer.close()  # As a server that is killed.
        other = await Caller.connect(proxy)
        other.send(encode("PING"))
        assert await other.reply() == b"+PONG\r\n"
        assert count(store) == 0
        proxy.wire.send_late()
        assert await proxy.wire.late_reply == b":1\r\n"
        assert count(store) == 1

    play(valkey, scene, lambda: Hold("command"))


def test_a_held_reply_is_that_of_an_applied_commit(valkey, store):
    async def scene(proxy, caller):
        caller.send(COMMIT)
        await proxy.wire.holds.wait()
        assert count(store) == 1
        assert not caller.reader.at_eof()

    play(valkey, scene, lambda: Hold("reply"))


def test_a_lost_reply_is_that_of_an_applied_commit(valkey, store):
    async def scene(proxy, caller):
        caller.send(COMMIT)
        assert await caller.reply() == b""
        assert (proxy.wire.left, proxy.wire.lost, count(store)) == (0, 1, 1)

    play(valkey, scene, lambda: LoseReplies(1))


@pytest.mark.parametrize(
    ("when", "late", "resent"),
    [
        ("later", [b":2"], [b":1"]),
        ("first", [b":1"], [b":2"]),
        ("beside", [b":1", b":2"], [b":1", b":2"]),
        ("behind", [b":2"], [b":1"]),
    ],
)
def test_a_late_commit_counts_twice_without_a_fence(valkey, store, when, late, resent):
    async def scene(proxy, caller):
        caller.send(COMMIT)
        assert await caller.reply() == b""
        assert count(store) == 0
        again = await Caller.connect(proxy)
        again.send(COMMIT)
        assert (await again.reply())[:2] in resent
        if when == "later":
            proxy.wire.send_late()
        assert (await proxy.wire.late_reply)[:2] in late
        assert count(store) == 2

    play(valkey, scene, lambda: LateCommit(when))


@pytest.mark.parametrize(("where", "applied"), [("command", 0), ("behind", None), ("reply", 1)])
def test_a_reset_hits_the_chosen_bytes(valkey, store, where, applied):
    async def scene(proxy, caller):
        caller.send(COMMIT)
        assert await caller.reply() == b""
        assert proxy.wire.happened.is_set()
        if applied is not None:  # Behind the commit it is a race, as in life.
            assert count(store) == applied

    play(valkey, scene, lambda: ResetInside(where, 0.5))
