"""The limits of design 8, lowered by flags so that they are met quickly."""

import contextlib
import json
import re
import select
import signal
import socket
from pathlib import Path

import pytest
from lib import metrics
from lib.model import differences, dump_store
from lib.processes import REPOSITORY, Server, wait_until
from lib.wire import Answer, Connection, exchange, get, post, request

REPORT = {"municipality": "mixco", "temperature": 25}

LIMITS = (
    *("--body-bytes-max", "4096"),
    *("--report-bytes-max", "1024"),
    *("--head-bytes-max", "2048"),
    *("--target-bytes-max", "256"),
    *("--rows-max", "10"),
    *("--json-depth-max", "3"),
    *("--receive-timeout-ms", "300"),
    *("--idle-timeout-ms", "1000"),
)


@pytest.fixture(scope="module")
def server_flags():
    return LIMITS


def padded(size: int) -> bytes:
    """A good report of `size` bytes."""
    start = b'{"municipality":"mixco","temperature":25,"note":"'
    return start + b"x" * (size - len(start) - 2) + b'"}'


def chunked(body: bytes) -> bytes:
    head = b"POST /api/weather HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def padded_batch(size: int) -> bytes:
    rows = b",".join([padded(900)] * 4)
    return (b"[" + rows).ljust(size - 1) + b"]"


@pytest.mark.parametrize("encode", [post, chunked])
def test_body(server, nothing_stored, encode):
    assert exchange(server.port, encode(padded_batch(4096))).json()["accepted"] == 4
    with nothing_stored(), Connection(server.port) as connection:
        connection.send(encode(padded_batch(4097)))
        answer = connection.read()
        assert (answer.status, answer.problem) == (413, "body-too-large")
        assert "4096" in answer.detail


def test_one_report(server, nothing_stored):
    assert exchange(server.port, post(padded(1024))).status == 200
    with nothing_stored():
        answer = exchange(server.port, post(padded(1025)))
        assert (answer.status, answer.problem) == (413, "body-too-large")
        assert "1024" in answer.detail
        for body, content_type in (
            (padded(1025), "application/x-ndjson"),
            (b"[%s]" % padded(1025), "application/json"),
        ):
            answer = exchange(server.port, post(body, content_type=content_type))
            assert (answer.status, answer.problem) == (413, "body-too-large")
    rows = exchange(server.port, post(b"[%s,%s]" % (padded(1025), padded(1024)))).json()
    assert (rows["accepted"], [row["index"] for row in rows["rejected"]]) == (1, [0])


def test_rows(server, nothing_stored):
    assert exchange(server.port, post([REPORT] * 10)).json()["accepted"] == 10
    lines = b"\n".join([json.dumps(REPORT).encode()] * 11)
    with nothing_stored():
        for data in (post([REPORT] * 11), post(lines, content_type="application/x-ndjson")):
            answer = exchange(server.port, data)
            assert (answer.status, answer.problem) == (413, "too-many-rows")
            assert "10" in answer.detail


def test_depth(server, nothing_stored):
    assert exchange(server.port, post(REPORT | {"note": [[1]]})).status == 200
    with nothing_stored():
        answer = exchange(server.port, post(REPORT | {"note": [[[1]]]}))
        assert (answer.status, answer.problem) == (400, "malformed-json")
        assert "3" in answer.detail


def head_of(size: int) -> bytes:
    start = b"GET /health HTTP/1.1\r\nHost: t\r\nX-Padding: "
    return start + b"x" * (size - len(start) - 4) + b"\r\n\r\n"


def test_head(server):
    assert exchange(server.port, head_of(2048)).status == 200
    for send in (Connection.send, Connection.send_bytewise):
        with Connection(server.port) as connection:
            with contextlib.suppress(OSError):
                send(connection, head_of(2049))
            answer = connection.read()
            assert (answer.status, answer.problem) == (431, "head-too-large")
            assert "2048" in answer.detail
            assert connection.closed_by_server()


def test_target(server):
    assert get(server.port, "/health?" + "x" * (256 - len("/health?"))).status == 200
    with Connection(server.port) as connection:
        answer = connection.exchange(request("GET", "/health?" + "x" * (257 - len("/health?"))))
        assert (answer.status, answer.problem) == (414, "uri-too-long")
        assert "256" in answer.detail
        assert connection.closed_by_server()


@pytest.mark.parametrize("part", ["head", "body", "chunk"])
def test_a_slow_request_times_out(server, nothing_stored, part):
    body = json.dumps(REPORT).encode()
    cut = {
        "head": post(body)[:20],
        "body": post(body)[:-5],
        "chunk": chunked(body)[:-3],
    }[part]
    with nothing_stored(), Connection(server.port) as connection:
        connection.send(cut)
        answer = connection.read()
        assert (answer.status, answer.problem) == (408, "request-timeout")
        assert connection.closed_by_server()


def test_a_slow_request_that_trickles_times_out(server, nothing_stored):
    """Each byte is progress, and the whole is still bounded."""
    with nothing_stored(), Connection(server.port) as connection:
        data = post(padded(1000))
        for position in range(len(data)):
            connection.send(data[position : position + 1])
            if select.select([connection.socket], [], [], 0.02)[0]:
                break
        else:
            pytest.fail("the request was read to its end")
        assert connection.read().problem == "request-timeout"


def test_an_idle_connection_is_closed_without_an_answer(server):
    with Connection(server.port) as connection:
        assert connection.exchange(post(REPORT)).status == 200
        assert connection.closed_by_server()


def test_connections(start_server):
    server = start_server("--connections-max", "10", "--loops", "1")
    admitted = [Connection(server.port) for _ in range(10)]
    assert all(c.exchange(post(REPORT)).status == 200 for c in admitted)
    for _ in range(5):
        with Connection(server.port) as refused:
            try:
                answer = refused.exchange(request("GET", "/health"))
                assert answer.status == 503
            except ConnectionError:
                pass
    assert all(c.exchange(post(REPORT)).status == 200 for c in admitted)
    for connection in admitted:
        connection.close()
    wait_until(lambda: get_or_none(server, "/health"), "a place is free again")


def test_the_admin_port_has_limits_of_its_own(start_server):
    server = start_server("--connections-max", "200", "--loops", "1")
    assert exchange(server.admin_port, post(b" " * 1024)).status == 404
    with Connection(server.admin_port) as connection:
        answer = connection.exchange(post(b" " * 1025))
        assert (answer.status, answer.problem) == (413, "body-too-large")
    wait_until(lambda: metric_of(server, "chaac_http_connections_open", "admin") == 1, "our own")
    admitted = [Connection(server.admin_port) for _ in range(128)]
    assert all(c.exchange(request("GET", "/livez")).status == 200 for c in admitted)
    with Connection(server.admin_port) as refused, pytest.raises(ConnectionError):
        refused.exchange(request("GET", "/livez"))
    assert exchange(server.port, post(REPORT)).status == 200
    for connection in admitted:
        connection.close()


def metric_of(server, name: str, listener: str) -> float:
    page = metrics.parse(get(server.admin_port, "/metrics").body.decode())
    return metrics.total(page, name, listener=listener)


def test_descriptors_are_enough_for_both_ports(folder, valkey):
    server = Server(folder / "server", valkey.url, "--connections-max", "1000", "--loops", "3")
    server.command = ["bash", "-c", 'ulimit -Sn 256 && exec "$@"', "bash", *server.command]
    server.start()
    try:
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        soft = int(re.search(r"Max open files +(\d+)", limits)[1])
        assert soft == 1000 + 128 + 3 * 8 + 64
    finally:
        server.kill()


def get_or_none(server, target: str) -> Answer | None:
    try:
        answer = get(server.port, target)
    except ConnectionError:
        return None
    return answer if answer.status == 200 else None


def test_a_thousand_idle_connections(start_server):
    server = start_server()
    idle = [Connection(server.port) for _ in range(1000)]
    assert exchange(server.port, post(REPORT)).status == 200
    assert all(c.exchange(request("GET", "/health")).status == 200 for c in idle[::100])
    for connection in idle:
        connection.close()


@pytest.fixture
def stopped_store(folder, own_valkey):
    """A server whose Valkey stands still: what it takes stays with it until released."""

    def start(*flags: str) -> Server:
        nonlocal server
        server = Server(folder / "server", own_valkey.url, "--loops", "1", *flags).start()
        assert exchange(server.port, post(REPORT)).status == 200
        own_valkey.signal(signal.SIGSTOP)
        return server

    server = None
    yield start
    own_valkey.signal(signal.SIGCONT)
    if server is not None:
        server.kill()


def answers_of(connections: list[Connection]) -> list[Answer]:
    return [connection.read() for connection in connections]


def readable(connections: list[Connection]) -> list[Connection]:
    """Those with an answer by now; waits for the first."""
    ready, _, _ = select.select([c.socket for c in connections], [], [], 10)
    return [c for c in connections if c.socket in ready]


QUEUE = ("--queue-reports-max", "5", "--rows-max", "5", "--batch-reports-max", "5")


def test_queue(stopped_store, own_valkey):
    server = stopped_store(*QUEUE, "--store-reply-timeout-ms", "9000")
    connections = [Connection(server.port) for _ in range(50)]
    for connection in connections:
        connection.send(post(REPORT))
    wait_until(lambda: len(readable(connections)) >= 40, "40 are refused")
    refused = readable(connections)
    for answer in answers_of(refused):
        assert (answer.status, answer.problem) == (503, "queue-full")
    kept = [connection for connection in connections if connection not in refused]
    assert len(kept) >= 5
    own_valkey.signal(signal.SIGCONT)
    assert [answer.status for answer in answers_of(kept)] == [200] * len(kept)
    with own_valkey.client() as store:
        assert store("GET", "count:mixco") == str(len(kept) + 1)
        assert differences(dump_store(store)) == []


def test_a_whole_batch_finds_room_whatever_the_number_of_loops(start_server):
    server = start_server("--loops", "8", "--queue-reports-max", "10000")
    lines = b"\n".join([json.dumps(REPORT).encode()] * 10_000)
    answer = exchange(server.port, post(lines, content_type="application/x-ndjson"))
    assert answer.json()["accepted"] == 10_000


def names(count: int) -> list[dict]:
    return [{"municipality": f"place-{i}", "temperature": 1} for i in range(count)]


def test_municipalities_in_open_mode_make_room_when_they_expire(start_server, store):
    store("FLUSHALL")
    flags = ("--municipalities", "open", "--municipalities-max", "3", "--loops", "1")
    server = start_server(*flags)
    assert exchange(server.port, post(names(3))).json()["accepted"] == 3
    another = post({"municipality": "another", "temperature": 1})
    answer = exchange(server.port, another)
    assert (answer.status, answer.problem) == (422, "municipality-limit")
    for key in store("KEYS", "*:place-*"):
        store("DEL", key)  # What expiry does, sooner.
    wait_until(lambda: exchange(server.port, another).status == 200, "there is room again")
    assert store("SMEMBERS", "chaac:municipalities") == ["another"]


def test_a_catalogue_may_be_larger_than_the_open_limit(start_server, store, folder):
    store("FLUSHALL")
    catalogue = folder / "catalogue.csv"
    header = (REPOSITORY / "data/municipalities.csv").read_text().splitlines()[0]
    rows = [f"{i:04},place-{i},Place {i},Department,department,," for i in range(5)]
    catalogue.write_text("\n".join([header, *rows]) + "\n")
    server = start_server("--municipalities", catalogue, "--municipalities-max", "3")
    assert exchange(server.port, post(names(5))).json()["accepted"] == 5


def test_store_reply(stopped_store, own_valkey):
    """Beyond the reply limit: what was sent is in doubt and resolved later, what only waited is not
    stored, and each is told which."""
    server = stopped_store("--store-reply-timeout-ms", "300")
    first = Connection(server.port)
    first.send(post(REPORT | {"temperature": 1}))
    get(server.port, "/health")  # Answered behind the first report: it is on its way.
    others = [Connection(server.port) for _ in range(5)]
    for connection in others:
        connection.send(post(REPORT | {"temperature": 2}))
    answer = first.read()
    assert (answer.status, answer.problem) == (503, "outcome-unknown")
    assert {answer.problem for answer in answers_of(others)} == {"not-committed"}
    wait_until(lambda: get(server.port, "/ready").status == 503, "/ready is 503")
    assert get(server.port, "/health").status == 200
    own_valkey.signal(signal.SIGCONT)
    wait_until(server.is_ready, "the server is ready")
    with own_valkey.client() as store:
        wait_until(lambda: store("LRANGE", "temperatures:mixco", 0, -1) == ["1", "25"], "resolved")
        assert exchange(server.port, post(REPORT)).status == 200
        assert differences(dump_store(store)) == []


def test_large_requests_share_their_memory(start_server):
    mebi = 1024 * 1024
    server = start_server(
        *("--loops", "1", "--body-bytes-max", str(mebi), "--buffered-bytes-max", str(mebi))
    )
    connections = [Connection(server.port) for _ in range(5)]
    for connection in connections:
        connection.send(post(b" " * mebi)[:-1000])
    wait_until(lambda: len(readable(connections)) >= 3, "there is memory for two at most")
    refused = readable(connections)
    for answer in answers_of(refused):
        assert (answer.status, answer.problem) == (503, "server-busy")
        assert answer.headers["retry-after"]
    assert all(connection.closed_by_server() for connection in refused)
    assert len(refused) < 5, "one is not refused"
    assert exchange(server.port, post(REPORT)).status == 200
    for connection in connections:
        connection.close()
    whole = post(json.dumps([REPORT]).encode().ljust(mebi))
    wait_until(lambda: exchange(server.port, whole).status == 200, "there is room again")


def test_many_slow_clients_do_not_stop_a_good_one(server):
    slow = []
    for _ in range(100):
        slow.append(socket.create_connection(("127.0.0.1", server.port)))
        slow[-1].sendall(b"POST /api/weather HTTP/1.1\r\nHost: ")
    with Connection(server.port) as good:
        assert all(good.exchange(post(REPORT)).status == 200 for _ in range(20))
    for connection in slow:
        connection.close()
