"""Connections: keep-alive, pipelining, 100-continue, slow clients and those that go away."""

import json
import random
import socket
import struct

from lib.model import differences, dump_store
from lib.processes import wait_until
from lib.reports import random_report, spell
from lib.wire import Connection, exchange, get, post, request

REPORT = {"municipality": "mixco", "temperature": 25}


def count(store) -> int:
    return sum(int(store("GET", key)) for key in store("KEYS", "count:*"))


def test_a_hundred_requests_in_one_write_are_answered_in_order(connection, store):
    rng = random.Random(100)
    before = count(store)
    requests, expected = [], []
    for number in range(100):
        kind = rng.randrange(5)
        if kind < 2:
            id_ = f"pipelined-{number}"
            requests.append(post(spell(rng, random_report(rng, id=id_))))
            expected.append((200, id_))
        elif kind == 2:
            requests.append(post({"municipality": f"atlantis {number}", "temperature": 1}))
            expected.append((422, f"atlantis {number}"))
        elif kind == 3:
            requests.append(request("GET", f"/nowhere/{number}"))
            expected.append((404, ""))
        else:
            requests.append(request("GET", "/health"))
            expected.append((200, "healthy"))
    connection.send(b"".join(requests))
    for status, words in expected:
        answer = connection.read()
        assert answer.status == status
        assert words in answer.body.decode()
    assert count(store) == before + sum(words.startswith("pipelined") for _, words in expected)


def test_a_thousand_pipelined_reports(connection, store):
    before = count(store)
    connection.send(post(REPORT) * 1000)
    ids = [connection.read().json()["id"] for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert count(store) == before + 1000


def test_reports_of_many_connections_join_batches(server, store):
    before = count(store)
    connections = [Connection(server.port) for _ in range(64)]
    for _ in range(5):
        for connection in connections:
            connection.send(post(REPORT))
        assert all(connection.read().status == 200 for connection in connections)
    for connection in connections:
        connection.close()
    assert count(store) == before + 320
    assert differences(dump_store(store)) == []


def test_a_connection_is_kept_and_closed_as_asked(server):
    with Connection(server.port) as connection:
        for _ in range(3):
            answer = connection.exchange(post(REPORT))
            assert answer.status == 200
            assert answer.headers.get("connection", "keep-alive") == "keep-alive"
        answer = connection.exchange(post(REPORT, connection="close"))
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert connection.closed_by_server()


def test_a_client_error_keeps_the_connection(connection):
    for data in (post(b"{"), post({"municipality": 9}), request("GET", "/x"), post(REPORT)):
        answer = connection.exchange(data)
        assert answer.headers.get("connection", "keep-alive") == "keep-alive"
    assert answer.status == 200


def test_continue_is_sent_before_the_body(connection):
    body = json.dumps(REPORT).encode()
    data = post(body, expect="100-continue")
    head = data[: -len(body)]
    connection.send(head)
    assert connection.read().status == 100
    connection.send(body)
    assert connection.read().status == 200
    connection.send(data)  # A client that does not wait: 100 may be left out.
    answer = connection.read()
    assert (connection.read() if answer.status == 100 else answer).status == 200


def test_no_continue_for_a_body_that_is_refused(server):
    data = request("POST", "/api/weather", content_length="99999999", expect="100-continue")
    with Connection(server.port) as connection:
        answer = connection.exchange(data)
        assert (answer.status, answer.problem) == (413, "body-too-large")
        assert connection.closed_by_server()


def test_requests_split_at_every_byte(server):
    with Connection(server.port) as connection:
        data = post(REPORT)
        for position in range(1, len(data), 3):
            connection.send(data[:position])
            # Nothing tells when the server has read the first part; a second connection's answer
            # makes it likely, and the verdict does not depend on it.
            get(server.port, "/health")
            connection.send(data[position:])
            assert connection.read().status == 200


def test_clients_that_go_away_harm_nobody(server, store):
    data = post(REPORT)
    for position in range(1, len(data), 7):
        with Connection(server.port) as connection:
            connection.send(data[:position])
    for _ in range(50):
        with Connection(server.port) as connection:
            connection.send(data * 3)
            linger = struct.pack("ii", 1, 0)  # close() sends a reset.
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert exchange(server.port, post(REPORT)).status == 200
    wait_until(lambda: differences(dump_store(store)) == [], "an exact store")


def test_a_client_that_only_half_closes_gets_its_answers(server):
    with Connection(server.port) as connection:
        connection.send(post(REPORT) * 10)
        connection.socket.shutdown(socket.SHUT_WR)
        assert [connection.read().status for _ in range(10)] == [200] * 10
        assert connection.closed_by_server()


def test_a_client_that_does_not_read_is_not_served_without_end(server):
    """Its requests pile up in its own socket, and the server's memory does not grow with them."""
    before = server.memory_kib()
    with Connection(server.port, timeout_s=0.5) as connection:
        data = request("GET", "/openapi.json") * 200
        sent = 0
        try:
            while sent < 200_000_000:
                sent += connection.socket.send(data)
        except TimeoutError:
            pass
        assert sent < 200_000_000
        assert get(server.port, "/health").status == 200
        assert server.memory_kib() - before < 50_000
