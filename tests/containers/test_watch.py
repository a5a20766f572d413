"""Prometheus beside the system, on the shipped files as they are: it scrapes, it evaluates, and
real faults raise the alerts that are meant for them, which are over when the fault is. An alert's
own patience is minutes: here it is seen pending, at least; tests/deploy/test_alerts_on_faults.py
shortens the patience to see alerts fire and be delivered."""

import pytest
from lib.monitoring import RULES, alerts, load_yaml
from lib.processes import wait_until

from containers.deployment import SERVERS

# Scraped every 5 s, evaluated every 15 s; the rates look back 5 minutes.
WAIT_S = 120


@pytest.fixture
def watch(deployment):
    """With both servers scraped, and nothing wrong with them or the store."""
    wait_until(lambda: _calm(deployment.watch), "Prometheus sees that all is well", WAIT_S)
    return deployment.watch


def _calm(watch) -> bool:
    up = {found["metric"]["pod"] for found in watch.query('up{job="chaac"} == 1')}
    quiet = ("ChaacServerDown", "ChaacAbsent", "ChaacStoreDown")
    return up == set(SERVERS) and not any(watch.states(alert) for alert in quiet)


def test_every_shipped_rule_is_evaluated(watch):
    def healthy():
        known = watch.rules()
        assert not [rule for rule in known if rule["health"] == "err"], known
        return known and all(rule["health"] == "ok" for rule in known) and known

    known = wait_until(healthy, "every rule was evaluated", WAIT_S)
    shipped = [
        rule for path in RULES for group in load_yaml(path)["groups"] for rule in group["rules"]
    ]
    assert len(known) == len(shipped) > 50
    patience = {rule["name"]: rule["duration"] for rule in known if rule["type"] == "alerting"}
    assert patience.keys() == {rule["alert"] for rule in alerts()}
    assert patience["ChaacServerDown"] == 120  # As it is shipped.


def test_a_stopped_server_is_seen(deployment, watch):
    stopped, other = deployment.servers
    stopped.kill()
    try:
        wait_until(
            lambda: SERVERS[0] in watch.states("ChaacServerDown"), "the alert is raised", WAIT_S
        )
        assert watch.states("ChaacServerDown").keys() == {SERVERS[0]}
        assert not watch.states("ChaacAbsent"), "the other one answers"
    finally:
        stopped.start()
        stopped.wait_healthy()
    wait_until(lambda: not watch.states("ChaacServerDown"), "the alert is over", WAIT_S)
    assert other.state()["Running"]


def test_a_stopped_store_is_seen(deployment, watch):
    for node in deployment.store.nodes:
        node.kill()
    try:
        wait_until(
            lambda: watch.states("ChaacStoreDown").keys() == set(SERVERS),
            "the alert is raised of both servers",
            WAIT_S,
        )
    finally:
        for node in deployment.store.nodes:
            node.start()
        deployment.store.wait_ready()
    deployment.wait_edge_ready()
    wait_until(lambda: not watch.states("ChaacStoreDown"), "the alert is over", WAIT_S)
