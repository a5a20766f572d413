"""The server finds its store through Sentinels, follows planned failovers, and says what is wrong
when it cannot. What a primary's death costs: tests/faults."""

import asyncio
import subprocess

import pytest
from lib.cluster import MASTER, Cluster, Node
from lib.ports import ReservedPort
from lib.processes import Server, wait_until
from lib.wire import exchange, get, post

REPORT = {"municipality": "mixco", "temperature": 21, "weather": "sunny"}


@pytest.fixture(scope="module")
def cluster(module_folder):
    cluster = Cluster(module_folder, nodes=2)

    async def start():
        try:
            await cluster.start()
        finally:
            for pipe in cluster.pipes:  # Their loop ends here; replicas follow the primary itself.
                if pipe.is_open:
                    await pipe.stop()
        with cluster.nodes[1].client() as client:
            client("REPLICAOF", "127.0.0.1", cluster.nodes[0].port)

    asyncio.run(start())
    wait_until(cluster.replicas_follow, "the replica follows without a pipe")
    yield cluster
    asyncio.run(cluster.stop())


@pytest.fixture
def start(folder):
    servers = []

    def launch(cluster, *flags, wait=True) -> Server:
        servers.append(Server(folder / str(len(servers)), cluster.url, *cluster.flags, *flags))
        servers[-1].launch()
        if wait:
            servers[-1].wait_ready()
        return servers[-1]

    yield launch
    for server in servers:
        server.kill()


def accepted(port: int) -> bool:
    return exchange(port, post(REPORT)).status == 200


def test_a_planned_failover_is_followed(cluster, start):
    server = start(cluster, "--ack", "replica", "--loops", "2")
    assert accepted(server.port)
    before = cluster.primary
    with cluster.sentinels[0].client() as client:
        wait_until(lambda: client("SENTINEL", "FAILOVER", MASTER) == "OK", "a failover begins")
    wait_until(lambda: cluster.primary is not before, "the other node is the primary")
    wait_until(cluster.replicas_follow, "the old primary follows it", 60)
    wait_until(server.is_ready, "the server is ready")
    assert accepted(server.port)
    with cluster.primary.client() as client:
        assert client("GET", "count:mixco") == "2"
    wait_until(lambda: f":{cluster.primary.port}" in server.log(), "the new address is told")


def test_sentinels_that_are_dead_are_passed_over(cluster, start):
    nobody = ReservedPort()
    living = cluster.sentinels[0].port
    server = start(
        cluster,
        "--valkey-sentinels",
        f"127.0.0.1:{nobody.number},127.0.0.1:{living}",
        "--loops",
        "1",
    )
    assert accepted(server.port)
    text = get(server.admin_port, "/metrics").body.decode()
    failures = [line for line in text.splitlines() if line.startswith("chaac_sentinel_failures")]
    assert float(failures[0].split()[-1]) >= 1


def test_a_wrong_name_ends_the_start(cluster, start):
    server = start(cluster, "--valkey-sentinel-master", "other", wait=False)
    assert server.process.wait(30) == 1
    assert 'no primary named \\"other\\"' in server.log()
    assert "--valkey-sentinel-master" in server.log()


def test_a_store_named_as_a_sentinel_ends_the_start(cluster, start):
    server = start(cluster, "--valkey-sentinels", f"127.0.0.1:{cluster.nodes[0].port}", wait=False)
    assert server.process.wait(30) == 1
    assert "no Sentinel" in server.log()


def test_without_any_sentinel_the_server_waits_and_says_so(cluster, start):
    nobody = ReservedPort()
    server = start(cluster, "--valkey-sentinels", f"127.0.0.1:{nobody.number}", wait=False)
    wait_until(lambda: "out of reach" in server.log(), "the log tells of it")
    assert f"127.0.0.1:{nobody.number}" in server.log()
    answer = wait_until(lambda: _answer(server.port), "an answer")
    assert answer.status == 503 and answer.problem == "not-committed"


def _answer(port: int):
    try:
        return exchange(port, post(REPORT))
    except ConnectionRefusedError:
        return None


def test_too_few_replicas_are_a_503_that_says_so(cluster, start):
    server = start(cluster, "--ack", "replica", "--ack-replicas", "2", "--loops", "1",
                   "--store-reply-timeout-ms", "400")  # fmt: skip
    answer = exchange(server.port, post({**REPORT, "id": "few"}))
    assert answer.status == 503 and answer.problem == "outcome-unknown"
    assert "--ack-replicas" in answer.detail and "stored" in answer.detail
    text = get(server.admin_port, "/metrics").body.decode()
    line = next(x for x in text.splitlines() if x.startswith("chaac_ack_shortfalls_total"))
    assert float(line.split()[-1]) >= 1
    behind = exchange(server.port, post(REPORT))
    assert behind.status == 503 and behind.problem == "not-committed"
    assert "--ack-replicas" in behind.detail
    # Another server that asks for less finds it stored, and counts it once.
    other = start(cluster, "--ack", "replica", "--loops", "1")
    with cluster.primary.client() as client:
        before = client("GET", "count:mixco")
        assert exchange(other.port, post({**REPORT, "id": "few"})).status == 200
        assert client("GET", "count:mixco") == before


CERTIFICATES = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout ca.key \
  -out ca.pem -subj '/CN=test CA'
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout node.key -out node.csr \
  -subj '/CN=node'
echo 'subjectAltName=IP:127.0.0.1' >names
openssl x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
  -out node.pem
"""


@pytest.fixture
def tls_sentinel(folder):
    """One node and one Sentinel, TLS alone, the Sentinel with a password."""
    subprocess.run(["sh", "-ec", CERTIFICATES], cwd=folder, check=True, capture_output=True)
    tls = [
        f"tls-cert-file {folder}/node.pem", f"tls-key-file {folder}/node.key",
        f"tls-ca-cert-file {folder}/ca.pem", "tls-auth-clients no", "tls-replication yes",
    ]  # fmt: skip
    options = [word for line in tls for word in f"--{line}".split(" ", 1)]
    node = Node(folder, "tls-node", *options, tls=True)
    config = folder / "sentinel.conf"
    config.write_text(
        "\n".join([
            *tls, "requirepass of-the-sentinel",
            f"sentinel monitor {MASTER} 127.0.0.1 {node.port} 1",
        ]) + "\n"
    )  # fmt: skip
    sentinel = Node(folder, "tls-sentinel", config_file=config, tls=True)
    node.launch()
    sentinel.launch()
    yield sentinel.port
    sentinel.kill()
    node.kill()


def test_sentinels_are_asked_over_tls_and_with_their_password(folder, tls_sentinel):
    flags = ("--valkey-sentinels", f"127.0.0.1:{tls_sentinel}", "--valkey-sentinel-master", MASTER,
             "--valkey-ca-file", f"{folder}/ca.pem")  # fmt: skip
    password = folder / "password"
    password.write_text("of-the-sentinel\n")
    server = Server(folder, "valkeys://unused", *flags, "--valkey-sentinel-password-file", password)
    wrong = Server(folder / "wrong", "valkeys://unused", *flags, "--valkey-sentinel-password", "no")
    try:
        server.start()
        assert accepted(server.port)
        wrong.launch()
        assert wrong.process.wait(30) == 1
        assert "--valkey-sentinel-password-file" in wrong.log()
    finally:
        server.kill()
        wrong.kill()
