"""The system as deployed: it runs confined, says what is wrong, and every server is restarted under
load without a request lost."""

import json
import os

import pytest
from lib.metrics import total
from lib.processes import wait_until
from lib.wire import get

from containers.deployment import WRONG, metrics_of
from containers.load import Load

REQUESTS_MIN = int(os.environ.get("CHAAC_ROLLING_REQUESTS", "20000"))
NO_CAPABILITIES = "0000000000000000"


def containers_of(deployment):
    store = deployment.store
    every = [*store.nodes, *store.sentinels, *deployment.servers, deployment.edge]
    every.append(deployment.watch.container)
    assert set(every) == set(deployment.containers)
    return every


def test_every_container_is_confined(deployment):
    for container in containers_of(deployment):
        status = container.status_of_process()
        user, group = container.user.split(":")
        assert int(user) >= 999 and int(group) >= 999, container.name
        assert status["Uid"].split() == [user] * 4, container.name
        assert status["Gid"].split() == [group] * 4, container.name
        assert status["CapEff"] == status["CapBnd"] == NO_CAPABILITIES, container.name
        assert status["NoNewPrivs"] == "1", container.name
        assert status["Seccomp"] == "2", container.name
        given = container.inspect()["HostConfig"]
        limits = container.limits
        assert 0 < limits.memory_bytes <= 2 * 2**30 and 0 < limits.nano_cpus <= 2 * 10**9
        assert given["Memory"] == given["MemorySwap"] == limits.memory_bytes, container.name
        assert given["NanoCpus"] == limits.nano_cpus, container.name
        assert given["PidsLimit"] == limits.processes == 64, container.name


def test_ports_are_published_on_loopback_alone(deployment):
    published = {
        (container.name, binding["HostIp"])
        for container in containers_of(deployment)
        for bindings in container.inspect()["NetworkSettings"]["Ports"].values()
        for binding in bindings or []
    }
    assert {address for _, address in published} == {"127.0.0.1"}
    assert not {name for name, _ in published if "valkey" in name or "sentinel" in name}


def test_every_root_is_read_only(deployment):
    for container in containers_of(deployment):
        with open(f"/proc/{container.state()['Pid']}/mountinfo") as mounts:
            roots = [line.split() for line in mounts if line.split()[4] == "/"]
        assert roots and all("ro" in root[5].split(",") for root in roots), container.name


def test_health_and_readiness(deployment):
    for server in deployment.servers:
        server.wait_healthy()
        assert get(server.port(8081), "/ready").status == 200
        assert get(server.port(9081), "/readyz").status == 200


def test_the_store_runs_on_what_is_shipped(deployment):
    """The users of deploy/valkey/users.acl, the configuration, and TLS between the nodes."""
    store = deployment.store
    for node in store.nodes:
        users = store.ask(node, "acl", "users", user="operator").split()
        assert set(users) == {"default", *deployment.cluster.passwords}
        for setting, value in {
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            "maxmemory": str(512 * 2**20),
            "min-replicas-to-write": "1",
            "port": "0",
            "tls-port": "6379",
            "tls-replication": "yes",
        }.items():
            assert store.ask(node, "config", "get", setting, user="operator").split() == [
                setting,
                value,
            ]


def test_the_store_refuses_strangers_and_readers_that_write(deployment):
    store, primary = deployment.store, deployment.store.primary()
    assert "NOAUTH" in store.ask(primary, "get", "count:mixco", user=None)
    assert "NOPERM" in store.ask(primary, "set", "count:mixco", "1")
    assert "NOPERM" in store.ask(primary, "get", "count:mixco", user="exporter")
    assert "NOPERM" in store.ask(primary, "function", "flush", user="chaac")


def accepted_by(server) -> float:
    return total(metrics_of(server), "chaac_reports_accepted_total")


def restart(server):
    """As an operator does, or a rolling update: SIGTERM, wait, start, wait for its health."""
    assert server.stop() == 0, server.log()[-2000:]
    server.start()
    server.wait_healthy()
    wait_until(lambda: get(server.port(8081), "/ready").status == 200, f"{server.name} is ready")


def test_rolling_restart_under_load(deployment):
    before = deployment.stored("mixco")
    with Load(deployment.port, {"municipality": "mixco", "temperature": 21}) as load:
        load.wait_for(1000)
        rounds = 0
        while not load.failures and (rounds == 0 or load.acknowledged < REQUESTS_MIN):
            rounds += 1
            for server in deployment.servers:
                restart(server)
                # A restarted process counts from zero: what it counts came after its restart.
                wait_until(lambda s=server: accepted_by(s) > 0, f"{server.name} has traffic again")
    print(f"{load.acknowledged} requests, {rounds} rounds of restarts")
    assert load.failures == []
    assert deployment.stored("mixco") == before + load.acknowledged


# One node, as without high-availability: with Sentinels the URL's host counts for nothing.
WITHOUT_SENTINELS = dict.fromkeys(
    (
        "CHAAC_VALKEY_SENTINELS", "CHAAC_VALKEY_SENTINEL_MASTER",
        "CHAAC_VALKEY_SENTINEL_USERNAME", "CHAAC_VALKEY_SENTINEL_PASSWORD_FILE",
    )
)  # fmt: skip
FAULTS = {
    "a wrong password": ({"CHAAC_VALKEY_PASSWORD_FILE": "/secrets/reader"}, "WRONGPASS"),
    "no password": ({"CHAAC_VALKEY_PASSWORD_FILE": "", "CHAAC_VALKEY_USERNAME": ""}, "NOAUTH"),
    "a user without the rights": (
        {"CHAAC_VALKEY_PASSWORD_FILE": "/secrets/exporter", "CHAAC_VALKEY_USERNAME": "exporter"},
        "NOPERM",
    ),
    "a store of another name": ({"CHAAC_VALKEY_URL": "valkeys://elsewhere:6379"}, "elsewhere"),
    "a store that refuses": ({"CHAAC_VALKEY_URL": "valkeys://{host}:7000"}, "refused"),
    "a certificate of another authority": (
        {"CHAAC_VALKEY_CA_FILE": "/secrets/other.pem"},
        "certificate",
    ),
    "an authority without TLS": ({"CHAAC_VALKEY_URL": "valkey://{host}:6379"}, "not encrypted"),
    "no TLS": (
        {"CHAAC_VALKEY_URL": "valkey://{host}:6379", "CHAAC_VALKEY_CA_FILE": ""},
        "Connection reset by peer (valkey://chaac:***@{host}:6379)",
    ),
    "a password file that is missing": (
        {"CHAAC_VALKEY_PASSWORD_FILE": "/secrets/none"},
        "/secrets/none",
    ),
}
SENTINEL_FAULTS = {
    "a wrong password of the Sentinels": (
        {"CHAAC_VALKEY_SENTINEL_PASSWORD_FILE": "/secrets/reader"},
        "WRONGPASS",
    ),
    "Sentinels that watch something else": (
        {"CHAAC_VALKEY_SENTINEL_MASTER": "another"},
        "another",
    ),
}


def causes(server) -> list[str]:
    """What the log gives as the causes of warnings and errors, with the store's address."""
    lines = [line for line in server.log().splitlines() if line]
    records = [
        json.loads(line) if line.startswith("{") else {"error.message": line} for line in lines
    ]
    return [
        f"{record['error.message']} ({record.get('server.address', '')})"
        for record in records
        if record.get("error.message")
    ]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_the_store_is_in_the_log(deployment, fault):
    store = deployment.store
    url = store.url(store.primary())
    host = url.removeprefix("valkeys://").partition(":")[0]
    environment, cause = FAULTS[fault]
    wrong = {name: text.format(host=host) for name, text in environment.items()}
    see_the_cause(
        deployment,
        {"CHAAC_VALKEY_URL": url, **WITHOUT_SENTINELS, **wrong},
        cause.format(host=host),
    )


@pytest.mark.parametrize("fault", SENTINEL_FAULTS)
def test_what_is_wrong_with_the_sentinels_is_in_the_log(deployment, fault):
    see_the_cause(deployment, *SENTINEL_FAULTS[fault])


def see_the_cause(deployment, environment: dict, cause: str):
    server = deployment.start_server(WRONG, **environment)
    try:
        wait_until(
            lambda: cause in " ".join(causes(server)),
            f"the log names {cause}: {causes(server)}",
            30,
        )
        print(causes(server))
        state = server.state()
        if state["Running"]:  # It waits for the store; nobody is sent to it meanwhile.
            assert get(server.port(8081), "/ready").status == 503
        else:
            assert state["ExitCode"] != 0
    finally:
        deployment.discard(server)
