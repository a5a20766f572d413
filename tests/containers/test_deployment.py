"""The system as deployed: it runs confined, says what is wrong, and every server is restarted under
load without a request lost."""

import json
import os

import pytest
from lib.metrics import total
from lib.processes import wait_until
from lib.wire import get

from containers.deployment import metrics_of
from containers.load import Load

REQUESTS_MIN = int(os.environ.get("CHAAC_ROLLING_REQUESTS", "20000"))
NO_CAPABILITIES = "0000000000000000"
# Memory, CPU and processes, as tests start containers: containers/docker.py.
MEMORY_BYTES, NANO_CPUS, PIDS = 512 * 1024 * 1024, 2 * 10**9, 64


def containers_of(deployment):
    return [deployment.valkey, *deployment.servers, deployment.edge]


def test_every_container_is_confined(deployment):
    for container in containers_of(deployment):
        status = container.status_of_process()
        assert status["Uid"].split() == ["65532"] * 4, container.name
        assert status["CapEff"] == status["CapBnd"] == NO_CAPABILITIES, container.name
        assert status["NoNewPrivs"] == "1", container.name
        assert status["Seccomp"] == "2", container.name
        limits = container.inspect()["HostConfig"]
        assert (limits["Memory"], limits["NanoCpus"], limits["PidsLimit"]) == (
            MEMORY_BYTES,
            NANO_CPUS,
            PIDS,
        )


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


def test_the_store_refuses_strangers_and_readers_that_write(deployment):
    assert "NOAUTH" in deployment.valkey_cli("get", "count:mixco", user=None)
    assert "NOPERM" in deployment.valkey_cli("set", "count:mixco", "1")


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


FAULTS = {
    "a wrong password": ({"CHAAC_VALKEY_PASSWORD_FILE": "/secrets/reader"}, "WRONGPASS"),
    "no password": ({"CHAAC_VALKEY_PASSWORD_FILE": "", "CHAAC_VALKEY_USERNAME": ""}, "NOAUTH"),
    "a user without the rights": (
        {"CHAAC_VALKEY_PASSWORD_FILE": "/secrets/blind", "CHAAC_VALKEY_USERNAME": "blind"},
        "NOPERM",
    ),
    "a store of another name": ({"CHAAC_VALKEY_URL": "valkeys://elsewhere:6379"}, "elsewhere"),
    "a store that refuses": ({"CHAAC_VALKEY_URL": "valkeys://valkey:7000"}, "refused"),
    "a certificate of another authority": (
        {"CHAAC_VALKEY_CA_FILE": "/secrets/other.pem"},
        "certificate",
    ),
    "an authority without TLS": ({"CHAAC_VALKEY_URL": "valkey://valkey:6379"}, "not encrypted"),
    "no TLS": (
        {"CHAAC_VALKEY_URL": "valkey://valkey:6379", "CHAAC_VALKEY_CA_FILE": ""},
        "Connection reset by peer (valkey://chaac:***@valkey:6379)",
    ),
    "a password file that is missing": (
        {"CHAAC_VALKEY_PASSWORD_FILE": "/secrets/none"},
        "/secrets/none",
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
    environment, cause = FAULTS[fault]
    server = deployment.start_server("chaac-wrong", 30, **environment)
    try:
        wait_until(lambda: cause in " ".join(causes(server)), f"the log names {cause}", 15)
        print(causes(server))
        state = server.state()
        if state["Running"]:  # It waits for the store; nobody is sent to it meanwhile.
            assert get(server.port(8081), "/ready").status == 503
        else:
            assert state["ExitCode"] != 0
    finally:
        deployment.containers.remove(server)
        server.remove()
