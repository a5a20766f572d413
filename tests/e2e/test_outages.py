"""What an operator is told of a store that is away, or is not as it should be."""

import subprocess
from collections import Counter

import pytest
from lib import metrics
from lib.processes import BINARY, ReservedPort, Server, Valkey, clean_environment, wait_until
from lib.wire import exchange, get, post

REPORT = {"municipality": "mixco", "temperature": 25}


@pytest.fixture
def start(folder, own_valkey):
    servers = []

    def start_server(*flags: str) -> Server:
        servers.append(Server(folder / f"server-{len(servers)}", own_valkey.url, *flags))
        return servers[-1].start()

    yield start_server
    for server in servers:
        server.kill()


def shown(server, name: str, **labels: str) -> float:
    return metrics.total(
        metrics.parse(get(server.admin_port, "/metrics").body.decode()), name, **labels
    )


def messages(server) -> Counter:
    return Counter(record["message"] for record in server.log_records())


def told(server, message: str) -> dict:
    [record] = [r for r in server.log_records() if r["message"] == message]
    return record


def test_an_outage_is_told_once_however_many_connections_and_attempts(own_valkey, start):
    server = start("--loops", "4")
    wait_until(lambda: messages(server)["store connected"] == 1, "the store to be told")
    assert shown(server, "chaac_ready") == 1
    own_valkey.kill()
    wait_until(lambda: shown(server, "chaac_ready") == 0, "the server to be unready")
    # A report in doubt is waited for; those behind it are refused for sure.
    reasons = {exchange(server.port, post(REPORT)).json()["type"] for _ in range(8)}
    assert reasons == {"urn:chaac:problem:not-committed"}
    wait_until(lambda: shown(server, "chaac_store_failures_total") > 30, "many attempts", 120)
    still = "store still out of reach"
    wait_until(lambda: messages(server)[still] == 1, "a reminder")
    assert "Connection refused" in told(server, still)["error.message"]
    own_valkey.start()
    wait_until(
        lambda: messages(server)["store connected again"] == 1, "the outage to be told as ended"
    )
    assert shown(server, "chaac_ready") == 1
    counted = messages(server)
    assert counted["store connected"] == 1
    assert counted["store out of reach, retrying"] == 1
    began = told(server, "store out of reach, retrying")
    assert began["error.message"]
    assert began["server.address"] == own_valkey.url
    ended = told(server, "store connected again")
    assert ended["chaac.reports_refused"] == 8
    assert ended["chaac.outage_s"] > 0
    allowed = {
        still,
        "serving",
        "store connected",
        "a setting of the store puts acknowledged reports at risk",
    }
    assert set(counted) <= allowed | {began["message"], ended["message"]}, counted


def test_level_debug_tells_of_each_connection_and_attempt(own_valkey, start):
    quiet, loud = start("--loops", "2"), start("--loops", "2", "--log-level", "debug")
    own_valkey.kill()
    wait_until(lambda: shown(loud, "chaac_store_failures_total") > 12, "some attempts")
    up = [r for r in loud.log_records() if r["message"] == "connection to the store is up"]
    names = {record["chaac.connection"] for record in up}
    assert names == {"loop-0", "loop-1", "snapshots", "queries", "settings"}
    assert {record["log.level"] for record in up} == {"debug"}
    assert messages(loud)["attempt to reach the store failed"] > 5
    assert "debug" not in {record["log.level"] for record in quiet.log_records()}


def test_settings_that_put_reports_at_risk_are_noticed_while_running(own_valkey, start):
    risk = "a setting of the store puts acknowledged reports at risk"
    server = start("--store-check-interval-s", "1")
    replicated = start("--store-check-interval-s", "1", "--ack", "replica")
    with own_valkey.client() as client:
        for setting, safe, unsafe, always in [
            ("maxmemory-policy", "noeviction", "allkeys-lru", True),
            ("appendfsync", "always", "everysec", False),
            ("appendonly", "yes", "no", False),
        ]:
            for value, is_unsafe in [(safe, 0), (unsafe, 1), (safe, 0)]:
                assert client("CONFIG", "SET", setting, value) == "OK"
                for each, expected in [(server, is_unsafe), (replicated, is_unsafe and always)]:
                    wait_until(
                        lambda s=each, e=expected, setting=setting: (
                            shown(s, "chaac_store_setting_unsafe", setting=setting) == e
                        ),
                        f"{setting} {value} to be shown as {expected}",
                    )
            [record] = [
                r
                for r in server.log_records()
                if r["message"] == risk
                and r["chaac.setting"] == setting
                and r["chaac.value"] == unsafe
            ]
            assert record["chaac.value_before"] == safe
            assert safe in record["error.message"]


def test_a_user_who_may_not_ask_for_appendfsync_is_told(own_valkey, folder):
    with own_valkey.client() as client:
        assert client("ACL", "SETUSER", "u", "on", ">p", "~*", "+@all", "-config") == "OK"
    address = own_valkey.url.removeprefix("unix://")
    server = Server(folder / "server", f"unix://u:p@{address}").start()
    try:
        wait_until(
            lambda: any("+config|get" in message for message in messages(server)), "the sentence"
        )
        assert shown(server, "chaac_store_setting_unsafe", setting="maxmemory-policy") == 0
        page = get(server.admin_port, "/metrics").body.decode()
        assert 'setting="appendfsync"' not in page
    finally:
        server.kill()


def test_a_store_in_cluster_mode_is_refused_at_the_start(folder):
    port, bus = ReservedPort(), ReservedPort()
    valkey = Valkey(
        folder, "--cluster-enabled", "yes", "--port", str(port.number),
        "--cluster-port", str(bus.number),
    ).start()  # fmt: skip
    try:
        ended = subprocess.run(
            [BINARY, "serve", "--port", "0", "--admin-port", "0", "--valkey-url", valkey.url],
            capture_output=True,
            text=True,
            timeout=30,
            env=clean_environment(),
        )
        assert ended.returncode == 1
        assert "cluster mode" in ended.stderr
    finally:
        valkey.kill()
