"""The shipped NGINX configuration in front of the two servers: where it sends what, what it
refuses, and that a report is sent to one server once."""

import contextlib
import socket
import threading

import pytest
from lib.metrics import total
from lib.processes import wait_until
from lib.wire import Connection, exchange, get, post, request

from containers.deployment import metrics_of
from containers.docker import docker

BODY_BYTES_MAX = 4 * 1024 * 1024
REQUESTS_OF_AN_ADDRESS = 256
UPSTREAM_KEEPALIVE = 64  # Of each worker.
REPORT = {"municipality": "amatitlan", "temperature": 24}


@pytest.mark.parametrize(
    "target", ["/", "/stats", "/averages", "/health", "/ready", "/openapi.json"]
)
def test_the_api_is_routed(deployment, target):
    assert get(deployment.port, target).status == 200


@pytest.mark.parametrize("target", ["/metrics", "/livez", "/readyz", "/nowhere"])
def test_the_admin_port_is_not(deployment, target):
    """The server's own answer: nothing on the way rewrites it."""
    answer = get(deployment.port, target)
    assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.parametrize(
    "target", ["//stats", "/x/../stats", "/%73tats", "/stats?", "/stats?q=%20"]
)
def test_paths_pass_unchanged(deployment, target):
    """What a server would refuse, the edge does not make acceptable, nor the other way round."""
    direct = get(deployment.servers[0].port(8081), target)
    assert get(deployment.port, target).status == direct.status


def test_a_report_is_stored(deployment):
    before = deployment.stored("amatitlan")
    assert exchange(deployment.port, post(REPORT)).status == 200
    assert deployment.stored("amatitlan") == before + 1


def test_refusals_of_a_server_pass_unchanged(deployment):
    answer = exchange(deployment.port, post({"municipality": "nowhere", "temperature": 1}))
    assert (answer.status, answer.problem) == (422, "unknown-municipality")


def test_the_largest_body_passes_and_a_larger_one_does_not(deployment):
    blanks = b" " * (BODY_BYTES_MAX - 2)
    assert exchange(deployment.port, post(b"[" + blanks + b"]")).status != 413
    answer = exchange(deployment.port, post(b"[" + blanks + b"  ]"))
    assert (answer.status, answer.problem) == (413, "body-too-large")


def test_a_large_head_is_refused(deployment):
    data = request("GET", "/stats", x_large="x" * 20_000)
    answer = exchange(deployment.port, data)
    assert (answer.status, answer.problem) == (431, "head-too-large")
    answer = get(deployment.port, "/" + "x" * 20_000)
    assert (answer.status, answer.problem) == (414, "uri-too-long")


def test_requests_of_one_address_are_limited(deployment):
    """Those under way count, and slow ones stay under way."""
    with contextlib.ExitStack() as stack:
        slow = [
            stack.enter_context(Connection(deployment.port)) for _ in range(REQUESTS_OF_AN_ADDRESS)
        ]
        for connection in slow:
            connection.send(post(REPORT)[:-5])

        def refused():
            answer = get(deployment.port, "/stats")
            return answer.status == 429 and answer

        answer = wait_until(refused, "one too many is refused")
        assert answer.problem == "too-many-requests"
    wait_until(lambda: get(deployment.port, "/stats").status == 200, "the limit is left again")


def test_connections_to_the_servers_are_kept(deployment):
    def accepted() -> float:
        pages = [metrics_of(server) for server in deployment.servers]
        return sum(total(page, "chaac_http_connections_accepted_total") for page in pages)

    before = accepted()
    with Connection(deployment.port) as connection:
        for _ in range(500):
            assert connection.exchange(post(REPORT)).status == 200
    assert accepted() - before < 20  # Besides the edge's: one for each reading of the metrics.


def test_a_sent_report_is_not_sent_to_another_server(deployment):
    """A server that hangs has it, and stores it once when it wakes up."""
    before = deployment.stored("amatitlan")
    hanging = deployment.servers[0]
    answers = []
    docker("pause", hanging.name)
    try:
        threads = [
            threading.Thread(target=lambda: answers.append(exchange(deployment.port, post(REPORT))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        docker("unpause", hanging.name)
    unknown = [answer for answer in answers if answer.status != 200]
    assert unknown, "every request went to the server that did not hang"
    assert {answer.problem for answer in unknown} == {"outcome-unknown"}
    wait_until(
        lambda: deployment.stored("amatitlan") == before + len(answers), "each is stored once", 30
    )
    wait_until(lambda: get(hanging.port(8081), "/ready").status == 200, "the server is back")


@contextlib.contextmanager
def without_servers(deployment):
    for server in deployment.servers:
        docker("stop", "--time", "30", server.name)
    try:
        yield
    finally:
        for server in deployment.servers:
            server.start()
        for server in deployment.servers:
            server.wait_healthy()
        deployment.wait_edge_ready()


def at_once(deployment, count: int) -> list[int]:
    """The statuses of as many reports on connections of their own."""
    with contextlib.ExitStack() as stack:
        every = [stack.enter_context(Connection(deployment.port)) for _ in range(count)]
        for connection in every:
            connection.send(post(REPORT))
        return [connection.read().status for connection in every]


def test_without_a_server_the_edge_says_so(deployment):
    with without_servers(deployment):
        answer = exchange(deployment.port, post(REPORT))
        assert (answer.status, answer.problem) == (503, "outcome-unknown")


def test_after_an_outage_all_of_the_edge_knows_that_it_is_over(deployment):
    """Each worker of NGINX has seen that no server answers. Once one is told otherwise, all are: on
    its own a worker tries one request at each server, and refuses what comes meanwhile."""
    with without_servers(deployment):
        assert set(at_once(deployment, 32)) == {503}
    assert set(at_once(deployment, 32)) == {200}


EVENTS = 6  # One a second.


class StreamReader(threading.Thread):
    """Appends (name, event) to `arrived` for each snapshot, in the order in which they come."""

    def __init__(self, name: str, port: int, arrived: list):
        super().__init__(name=name)
        self._arrived = arrived
        self._connection = Connection(port)
        self._connection.send(request("GET", "/api/stream"))
        head = self._connection.read_head()
        assert (head.status, head.headers["content-type"]) == (200, "text/event-stream")

    def run(self):
        pending = b""
        with contextlib.suppress(OSError, ValueError):  # leave() ends it.
            for chunk in self._connection.chunks():  # The edge may cut chunks as it likes.
                *blocks, pending = (pending + chunk).split(b"\n\n")
                self._arrived += [(self.name, b) for b in blocks if b"event: snapshot" in b]

    def leave(self):
        self._connection.socket.shutdown(socket.SHUT_RDWR)
        self.join()
        self._connection.close()


def test_the_stream_is_not_buffered(deployment):
    """An event is through the edge before its server sends the next one. What a buffer holds back
    comes with the next one, or later."""
    arrived: list[tuple[str, bytes]] = []
    edge = StreamReader("edge", deployment.port, arrived)
    (server,) = (s for s in deployment.servers if total(metrics_of(s), "chaac_stream_listeners"))
    direct = StreamReader("direct", server.port(8081), arrived)
    for reader in (edge, direct):
        reader.start()
    wait_until(lambda: [name for name, _ in arrived].count("edge") >= EVENTS, "events come")
    for reader in (edge, direct):
        reader.leave()

    sent = [(at, event) for at, (name, event) in enumerate(arrived) if name == "direct"]
    following = [at for at, _ in sent[1:]]
    prompt = [
        ("edge", event) in arrived[:next_at]
        for (_, event), next_at in zip(sent, following, strict=False)
    ]
    assert prompt.count(True) > prompt.count(False), arrived
