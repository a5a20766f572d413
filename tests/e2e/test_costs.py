"""What a report costs in things that can be counted: commands and bytes of Valkey, system calls of
the server. Noise of the machine cannot change these, so a rise is a change of the code."""

import random
import re
import shutil
import signal
import subprocess
import time

import pytest
from lib.processes import Server
from lib.reports import MUNICIPALITIES, random_report, spell_batch
from lib.wire import Connection, exchange, post

REPORT = {"municipality": "mixco", "temperature": 25.5, "humidity": 60, "weather": "sunny"}


@pytest.fixture
def warm(folder, own_valkey):
    """A server whose fence is open, whose ids are leased, and which knows all municipalities."""
    server = Server(folder / "server", own_valkey.url, "--loops", "1").start()
    rng = random.Random(1)
    for _ in range(3):
        post_rows(server, rng, 1000)
    yield server
    server.kill()


def post_rows(server: Server, rng: random.Random, count: int):
    rows = [random_report(rng, MUNICIPALITIES) for _ in range(count)]
    body, content_type = spell_batch(rng, rows)
    assert exchange(server.port, post(body, content_type=content_type)).json()["accepted"] == count


def calls(store) -> dict[str, int]:
    """How often each command ran, those of functions included."""
    found = re.findall(r"cmdstat_([a-z|_]+):calls=(\d+)", store("INFO", "commandstats"))
    return {name: int(count) for name, count in found}


@pytest.mark.parametrize("rows", [10, 1000, 4000])
def test_a_batch_is_one_call_of_few_commands(warm, own_valkey, rows):
    """Four municipalities take some twenty commands each, however many reports they have."""
    with own_valkey.client() as store:
        before = calls(store)
        post_rows(warm, random.Random(rows), rows)
        after = calls(store)
    ran = {name: after[name] - before.get(name, 0) for name in after}
    assert ran.pop("fcall") == 1
    # The snapshot is read once a second, perhaps just now.
    for own in ("info", "fcall_ro", "smembers", "mget", "hmget"):
        ran.pop(own, None)
    assert sum(ran.values()) <= 110, ran


def test_a_report_costs_few_bytes_of_the_append_only_file(warm, own_valkey):
    def size(store) -> int:
        return int(re.search(r"aof_current_size:(\d+)", store("INFO", "persistence")).group(1))

    with own_valkey.client() as store:
        before = size(store)
        post_rows(warm, random.Random(2), 1000)
        assert size(store) - before <= 1000 * 230


@pytest.fixture
def count_calls(warm, folder):
    """Runs `what` under strace and returns the server's system calls by name."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")

    def count(what) -> dict[str, int]:
        table = folder / "strace"
        tracer = subprocess.Popen(
            ["strace", "-c", "-f", "-o", str(table), "-p", str(warm.process.pid)],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            if "attached" not in tracer.stderr.readline():
                pytest.skip("this machine lets nobody trace a process")
            what()
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        rows = (line.split() for line in table.read_text().splitlines())
        calls = {row[-1]: int(row[3]) for row in rows if len(row) >= 5 and row[3].isdigit()}
        calls.pop("total", None)
        return calls

    return count


def test_a_request_alone_costs_few_system_calls(warm, count_calls):
    """One recv and one send for the client, one of each for the store, and the waiting between."""

    def send():
        with Connection(warm.port) as connection:
            for _ in range(200):
                assert connection.exchange(post(REPORT)).status == 200

    counted = count_calls(send)
    assert counted["recvfrom"] + counted["sendto"] <= 200 * 4 + 40, counted
    assert sum(counted.values()) <= 200 * 6 + 400, counted  # 400: ticks, however slow the tracer.


def test_pipelined_requests_share_their_system_calls(warm, count_calls):
    def send():
        with Connection(warm.port) as connection:
            for _ in range(20):
                connection.send(post(REPORT) * 100)
                assert all(connection.read().status == 200 for _ in range(100))

    counted = count_calls(send)
    # 2,000 requests: some calls for each burst of a hundred, not for each request.
    assert sum(counted.values()) <= 20 * 12 + 400, counted


def test_an_idle_server_hardly_wakes(count_calls):
    """Two loops tick twenty times a second, and a snapshot is read once a second."""
    counted = count_calls(lambda: time.sleep(1))
    assert sum(counted.values()) <= 400, counted
