"""kill -9 of the primary's container under load, through the edge, with the ledger of tests/faults:
what was acknowledged is stored on the node that is promoted, and reports are accepted again.

With CHAAC_ACK_REPLICAS=1, as it is shipped, a report is lost only if the primary and the replica
that had it are lost together: Sentinels promote the replica that has most. With 2, one replica may
be lost besides; nothing is acknowledged while one is away. docs/reliability.md has all levels."""

import asyncio
import random
import time

import pytest
from faults.ledger import Ledger, check_counters, check_resent, check_stored
from faults.load import Load
from lib.processes import wait_until

ACKNOWLEDGED_BEFORE = 3_000
PAUSE_S = 0.02  # Of the load, after the death: there is enough to check.
WAIT_S = 60


async def until(condition, what: str):
    return await asyncio.to_thread(wait_until, condition, what, WAIT_S)


async def more(ledger: Ledger, what: str, count: int):
    goal = getattr(ledger, what) + count
    await until(lambda: getattr(ledger, what) >= goal, f"{count} more {what}")


async def fail_over(deployment, replicas: int, load: Load, ledger: Ledger):
    store = deployment.store
    await more(ledger, "acknowledged", ACKNOWLEDGED_BEFORE)
    old = store.primary()
    old.kill()
    killed_at = time.monotonic()
    load.pause_s = PAUSE_S
    promoted = await until(lambda: store.primary() is not old and store.primary(), "a promotion")
    if replicas == 1:
        await more(ledger, "acknowledged", 100)  # The killed one is still away.
    else:
        then = ledger.acknowledged
        await more(ledger, "unavailable", 20)
        assert ledger.acknowledged == then, "acknowledged without the second replica"
    pause_s = time.monotonic() - killed_at
    old.start()
    await more(ledger, "acknowledged", 100)
    await until(lambda: old.succeeds("/bin/sh", "/etc/valkey/ready.sh"), "the killed one follows")
    assert store.primary() is promoted
    print(f"{replicas} of 2 replicas: {ledger.acknowledged} acknowledged, {pause_s:.1f} s")


async def run(deployment, replicas: int):
    ledger = Ledger()
    load = Load(deployment.port, ledger, random.Random(replicas))
    load.start()
    try:
        await fail_over(deployment, replicas, load, ledger)
    finally:
        await load.stop()
    assert ledger.unexpected == []
    before = deployment.store.dump()
    assert check_stored(ledger, before) + check_counters(before) == []
    await load.send_again()
    assert check_resent(ledger, before, deployment.store.dump()) == []


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_primary_is_killed(deployment, replicas):
    told = {"CHAAC_ACK_REPLICAS": str(replicas), "CHAAC_LIST_LENGTH_MAX": "1000000"}
    with deployment.empty_store_and(**told):
        minimum = deployment.store.ask(
            deployment.store.primary(), "config", "get", "min-replicas-to-write", user="exporter"
        )
        assert minimum.split() == ["min-replicas-to-write", "1"]
        asyncio.run(run(deployment, replicas))
