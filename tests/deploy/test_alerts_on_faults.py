"""Real faults: a running server, Valkey and redis_exporter, watched by Prometheus with the shipped
rules, whose alerts Alertmanager delivers. Each fault's alerts fire, and resolve when it is over.

Only times are shortened (lib/monitoring.py): pending times to 1 s, windows of 2 and 5 minutes to
10 s, and a server looks at its store's settings every second."""

import signal

import pytest
from lib.cluster import Node
from lib.monitoring import Alertmanager, Prometheus, RedisExporter, Sink
from lib.processes import REPOSITORY, Server, Valkey, wait_until
from lib.resp import RespError
from lib.wire import exchange, post

from deploy import reasons
from deploy.load import SteadyLoad

WAIT_S = 60  # Alerts come and go within seconds; reached by a failure alone.
# What a restart leaves behind on purpose: they look back over 15 minutes.
LOOKS_BACK = {"ValkeyRestarted", "ChaacRestarting", "ChaacAvailabilityBurnFast",
              "ChaacAvailabilityBurnSlow", "ChaacLatencyBurnFast",
              "ChaacLatencyBurnSlow"}  # fmt: skip
# What is true of the test's store for good: Debian's Valkey is 8.0.1.
ALWAYS = {"ChaacStoreVersionUnsafe"}
QUEUE_REPORTS_MAX = 2000
RUNBOOKS = REPOSITORY / "docs/runbooks"


class System:
    """All of it, started in the order of the data's way."""

    def __init__(self, folder):
        self.valkey = Valkey(folder / "valkey", "--maxmemory", "200mb").start()
        self.server = Server(
            folder / "server", self.valkey.url, "--loops", "1", "--rows-max", "500",
            "--batch-reports-max", "500", "--queue-reports-max", str(QUEUE_REPORTS_MAX),
            "--store-check-interval-s", "1",
        ).start()  # fmt: skip
        self.exporter = RedisExporter(folder / "exporter", self.valkey.url).start()
        self.sink = Sink()
        self.alertmanager = Alertmanager(folder / "alertmanager", self.sink).start()
        self.prometheus = Prometheus(
            folder / "prometheus",
            {
                "chaac": f"127.0.0.1:{self.server.admin_port}",
                "valkey": self.exporter.address,
            },
            alertmanager=self.alertmanager.address,
        ).start()
        self.load = SteadyLoad(self.server.port)

    def close(self):
        self.load.stop()
        self.sink.close()
        for child in (self.prometheus, self.alertmanager, self.exporter, self.server, self.valkey):
            child.kill()

    def wait_firing(self, *names: str):
        wanted = set(names)
        wait_until(
            lambda: wanted <= self.prometheus.firing(),
            f"{wanted} fire; firing are {self.prometheus.firing()}",
            WAIT_S,
        )

    def wait_calm(self):
        wait_until(
            lambda: self.prometheus.firing() <= LOOKS_BACK | ALWAYS,
            f"all resolve; firing are {self.prometheus.firing()}",
            WAIT_S,
        )

    def refused_for(self) -> set[str]:
        """The reasons of the alerts ChaacReportsRefused that fire."""
        return {
            alert["labels"]["reason"]
            for alert in self.prometheus.alerts()
            if alert["labels"]["alertname"] == "ChaacReportsRefused" and alert["state"] == "firing"
        }

    def delivered(self, path: str, name: str) -> list[dict]:
        return [body for at, body in self.sink.posted if at.startswith(path) and name in str(body)]


@pytest.fixture(scope="module")
def system(module_folder):
    system = System(module_folder)
    yield system
    system.close()


@pytest.fixture
def calm(system):
    """The system under load, scraped, with nothing firing."""
    wait_until(
        lambda: (system.prometheus.value("job:chaac_requests:rate5m") or 0) > 1,
        "requests are counted",
        WAIT_S,
    )
    system.wait_calm()
    return system


def test_every_rule_is_evaluated_without_error(calm):
    rules = calm.prometheus.rules()
    wait_until(
        lambda: all(rule["health"] == "ok" for rule in calm.prometheus.rules()), "rules are healthy"
    )
    assert len(rules) > 50


def runbook(name: str) -> str:
    return (RUNBOOKS / f"{name}.md").read_text()


def test_the_store_is_killed(calm):
    calm.valkey.kill()
    calm.wait_firing("ChaacStoreDown", "ValkeyDown", "ChaacErrorRatioHigh", "ChaacReportsRefused")
    answer = exchange(calm.server.port, post({"municipality": "mixco", "temperature": 20}))
    refused_for = calm.refused_for()
    wait_until(lambda: calm.delivered("/slack", "ChaacStoreDown"), "Slack is told", WAIT_S)
    wait_until(lambda: calm.delivered("/pagerduty", "ChaacStoreDown"), "PagerDuty is told", WAIT_S)
    (called, *_) = calm.delivered("/pagerduty", "ChaacStoreDown")
    assert called["routing_key"] == "the-routing-key"
    assert called["client_url"] == "https://runbooks.test/ChaacStoreDown.md"
    (told, *_) = calm.delivered("/slack", "ChaacStoreDown")
    (attachment,) = told["attachments"]
    assert attachment["title"] == "[1 firing] ChaacStoreDown in test"
    assert "chaac-0 has no connection to Valkey" in attachment["text"]
    assert "https://runbooks.test/ChaacStoreDown.md" in attachment["text"]
    calm.valkey.start()
    calm.server.wait_ready()
    calm.wait_calm()
    assert "ValkeyRestarted" in calm.prometheus.firing()
    wait_until(
        lambda: any("resolved" in str(p) for p in calm.delivered("/slack", "ChaacStoreDown")),
        "Slack is told that it is over",
        WAIT_S,
    )
    # The reason that clients and the alert saw is the one by which the runbooks lead on.
    assert answer.status == 503 and answer.problem in refused_for
    meant = reasons.named_in(runbook("ChaacStoreDown").split("## How to see it")[0])
    assert refused_for <= meant, (refused_for, meant)
    lead = reasons.that_lead_to("ChaacStoreDown", runbook("ChaacErrorRatioHigh"))
    assert refused_for <= lead, (refused_for, lead)


def test_the_store_hangs_and_the_queue_fills(calm):
    calm.valkey.signal(signal.SIGSTOP)
    batches = SteadyLoad(calm.server.port, threads=8, rows=400)
    try:
        calm.wait_firing("ChaacQueueFilling", "ChaacReportsRefused", "ChaacErrorRatioHigh")
        wait_until(
            lambda: "queue-full" in calm.refused_for(),
            "the full queue is the reason of an alert",
            WAIT_S,
        )
        index = runbook("ChaacErrorRatioHigh")
        lead = reasons.that_lead_to("ChaacQueueFilling", index)
        lead |= reasons.that_lead_to("ChaacBatchInDoubt", index)
        assert calm.refused_for() <= lead, (calm.refused_for(), lead)
    finally:
        calm.valkey.signal(signal.SIGCONT)
        batches.stop()
    calm.wait_calm()


def test_the_memory_of_the_store_is_full(calm):
    with calm.valkey.client() as client:
        used = int(client("INFO", "memory").split("used_memory:")[1].split()[0])
        client("CONFIG", "SET", "maxmemory", str(int(used * 0.9)))
    calm.wait_firing("ValkeyMemoryFull", "ValkeyMemoryNearlyFull", "ChaacReportsRefused")
    lead = reasons.that_lead_to("ValkeyMemoryFull", runbook("ChaacErrorRatioHigh"))
    assert calm.refused_for() <= lead, (calm.refused_for(), lead)
    with calm.valkey.client() as client:
        client("CONFIG", "SET", "maxmemory", "200mb")
    calm.wait_calm()


def test_a_setting_of_the_store_loses_reports(calm):
    """Changed while it runs, and while the server keeps its connections."""

    def unsafe() -> set[str]:
        return {
            alert["labels"]["setting"]
            for alert in calm.prometheus.alerts()
            if alert["labels"]["alertname"] == "ChaacStoreSettingUnsafe"
            and alert["state"] == "firing"
        }

    def set_all(client, settings: dict[str, str]):
        for name, value in settings.items():
            client("CONFIG", "SET", name, value)

    changed = {"appendfsync": "everysec", "maxmemory-policy": "allkeys-lru"}
    with calm.valkey.client() as client:
        before = {name: client("CONFIG", "GET", name)[1] for name in changed}
        assert before == {"appendfsync": "always", "maxmemory-policy": "noeviction"}
        try:
            set_all(client, changed)
            wait_until(lambda: unsafe() == set(changed), "both are told", WAIT_S)
        finally:
            set_all(client, before)
    wait_until(lambda: not unsafe(), "both are over", WAIT_S)
    calm.wait_calm()


def test_the_append_only_file_cannot_be_written(calm):
    """Where its folder was stands a file, so that rewriting it fails."""
    folder = calm.valkey.folder / "appendonlydir"
    aside = calm.valkey.folder / "aside"
    folder.rename(aside)
    folder.touch()
    with calm.valkey.client() as client, pytest.raises(RespError):
        client("BGREWRITEAOF")
    calm.wait_firing("ValkeyAofFailing")
    folder.unlink()
    aside.rename(folder)
    with calm.valkey.client() as client:
        client("BGREWRITEAOF")
    calm.wait_calm()


def test_the_password_does_not_match(calm):
    """The log names the cause, and an alert shows it."""
    with calm.valkey.client() as client:
        client("CONFIG", "SET", "requirepass", "another")
        client("AUTH", "another")
        client("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    calm.wait_firing("ChaacStoreDown", "ValkeyDown")

    def warned() -> list[dict]:
        return [r for r in calm.server.log_records() if r["log.level"] == "warning"]

    # The first line may have the cause of before: the connection was lost.
    wait_until(
        lambda: any("NOAUTH" in str(record) for record in warned()),
        "the log names the cause",
        WAIT_S,
    )
    with calm.valkey.client() as client:
        client("AUTH", "another")
        client("CONFIG", "SET", "requirepass", "")
    calm.wait_calm()


def test_too_few_replicas_confirm(folder):
    """A server that waits for a replica where none is: it tells, and stays ready, so that clients
    get an answer that says what became of their report. When a replica comes all is well."""
    primary = Node(folder, "primary").start()
    replica = Node(folder, "replica", "--replicaof", "127.0.0.1", primary.port)
    url = f"valkey://127.0.0.1:{primary.port}"
    server = Server(folder / "server", url, "--ack", "replica", "--ack-replicas", "1")
    prometheus = Prometheus(folder / "prometheus", {"chaac": f"127.0.0.1:{server.admin_port}"})
    load = None
    try:
        server.start()
        prometheus.start()
        load = SteadyLoad(server.port)
        wait_until(
            lambda: {"ChaacAcksShortOfReplicas", "ChaacReportsRefused"} <= prometheus.firing(),
            f"both fire; firing are {prometheus.firing()}",
            WAIT_S,
        )
        assert server.is_ready()
        answer = exchange(server.port, post({"municipality": "mixco", "temperature": 20}))
        assert answer.status == 503 and answer.json()["type"].split(":")[-1] in (
            "outcome-unknown",
            "not-committed",
        )
        replica.start()
        wait_until(
            lambda: not {"ChaacAcksShortOfReplicas", "ChaacReportsRefused"} & prometheus.firing(),
            "both resolve",
            WAIT_S,
        )
        report = post({"municipality": "mixco", "temperature": 20})
        assert exchange(server.port, report).status == 200
    finally:
        if load:
            load.stop()
        for child in (prometheus, server, replica, primary):
            child.kill()


def test_the_server_is_killed(calm):
    calm.server.kill()
    calm.wait_firing("ChaacAbsent", "ChaacServerDown")
    calm.server.start()
    calm.wait_calm()
