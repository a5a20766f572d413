"""The primary of 1, 2 or 3 Valkey nodes is killed under load, for each level of acknowledgement:
how long nothing is acknowledged, and how many acknowledged reports the promoted node lacks."""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

from lib.cluster import Cluster, Node
from lib.processes import Server

from faults.load import Load
from faults.stage import BareStage, Void

CUT_SECONDS = 0.3  # How long before its death the primary's replication reaches nobody.
AWAY_SECONDS = 1  # Of the killed node: from its death, or from the promotion of another.
ACKNOWLEDGED_BEFORE = 5_000
PAUSE_S = 0.02  # Of the load, after the death: there is enough to check.
WAIT_SECONDS_MAX = 90
FAILOVERS = {}


@dataclass(frozen=True)
class Plan:
    """What is deployed, and what happens to it."""

    nodes: int
    ack_replicas: int  # 0: --ack primary.
    cut: bool  # The network goes first, so that what was sent last is lost with the node.

    @property
    def name(self) -> str:
        ack = f"replicas-{self.ack_replicas}" if self.ack_replicas else "primary"
        return f"failover-{self.nodes}-{ack}{'-cut' if self.cut else ''}"

    @property
    def keeps_all(self) -> bool:
        """L1 is promised: every node that may be promoted has what was acknowledged."""
        return self.ack_replicas == self.nodes - 1


class FailoverStage(BareStage):
    """A cluster in the place of one Valkey, and no proxy before it."""

    def __init__(self, folder: Path, rng: random.Random, plan: Plan):
        super().__init__(folder, rng)
        self.plan = plan
        self.cluster = Cluster(folder, plan.nodes)
        self.may_lose = not plan.keeps_all

    @property
    def valkey(self) -> Node:
        return self.cluster.primary

    async def __aenter__(self):
        try:
            await self.cluster.start()
            ack = ["--ack", "replica", "--ack-replicas", str(self.plan.ack_replicas)]
            self.server = Server(
                self.folder,
                self.cluster.url,
                *self.cluster.flags,
                *(ack if self.plan.ack_replicas else []),
                *("--list-length-max", "1000000"),
            )
            await self.start(self.server)
        except BaseException:
            await self.__aexit__()
            raise
        self.load = Load(self.server.port, self.ledger, self.rng)
        return self

    async def __aexit__(self, *_):
        if self.server is not None:
            self.server.kill()
        await self.cluster.stop()


async def _next_acknowledgement(stage: FailoverStage):
    """Waits until one more report is acknowledged."""
    before = stage.ledger.acknowledged
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while stage.ledger.acknowledged == before:
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing is acknowledged {WAIT_SECONDS_MAX} s after the failover")
        await asyncio.sleep(0.005)


async def fail_over(stage: FailoverStage):
    """kill -9 of the primary under load; Sentinels promote a replica, the server follows, and the
    killed node comes back as a replica. With ...-cut the last 0.3 s of replication are lost, as
    when a machine dies with its network."""
    cluster, plan = stage.cluster, stage.plan
    old = cluster.primary
    await stage.load.reach("acknowledged", ACKNOWLEDGED_BEFORE)
    if plan.cut:
        for pipe in cluster.pipes:
            pipe.loses = True
        await asyncio.sleep(CUT_SECONDS)
        if not all(pipe.lost_bytes for pipe in cluster.pipes):
            raise Void("nothing was under way to the replicas")
    if not old.kill():
        raise AssertionError("the primary was dead before it was killed")
    killed_at = time.monotonic()
    stage.load.pause_s = PAUSE_S
    stage.notes["acknowledged_before"] = stage.ledger.acknowledged
    await asyncio.sleep(0.05)  # What was answered before is read.
    resumed = asyncio.create_task(_next_acknowledgement(stage))
    resumed.add_done_callback(
        lambda _: stage.notes.setdefault("pause_s", round(time.monotonic() - killed_at, 2))
    )
    if plan.nodes > 1:
        await stage.until(lambda: cluster.primary is not old, "a replica is promoted")
        stage.notes["promoted_s"] = round(time.monotonic() - killed_at, 2)
    await asyncio.sleep(AWAY_SECONDS)
    for pipe in cluster.pipes:
        pipe.loses = False
    await stage.start(old)
    await resumed
    await stage.until(cluster.replicas_follow, "all replicas follow the promoted node")


for nodes, ack_replicas in ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)):
    for cut in (False, True):
        if nodes > 1 or not cut:
            FAILOVERS[Plan(nodes, ack_replicas, cut).name] = Plan(nodes, ack_replicas, cut)

# Among the faults that every suite plays: the level that promises L1.
SUITE_PLAN = Plan(nodes=3, ack_replicas=2, cut=True)


def markdown(results) -> str:
    """The table of docs/reliability.md: medians and ranges over the seeds."""
    lines = [
        "| nodes | `--ack` | the primary's last 0.3 s of replication | runs | s without writes:"
        " median (range) | acknowledged before, a run | of them lost: median (range) |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, plan in FAILOVERS.items():
        runs = [r for r in results if r.fault == name]
        if not runs:
            continue
        pauses = [r.notes.get("pause_s", float("nan")) for r in runs]
        acknowledged = [r.notes.get("acknowledged_before", 0) for r in runs]
        lost = [r.notes.get("lost", 0) for r in runs]
        ack = f"`replica`, {plan.ack_replicas}" if plan.ack_replicas else "`primary`"
        what = "lost" if plan.cut else ("none" if plan.nodes == 1 else "sent by the kernel")
        lines.append(
            f"| {plan.nodes} | {ack} | {what} | {len(runs)} | {_spread(pauses, '.1f')} |"
            f" {_spread(acknowledged, ',')} | {_spread(lost, ',')} |"
        )
    return "\n".join(lines)


def _spread(values: list, form: str) -> str:
    """The median of the values and in brackets their range, or the one value that all have."""
    ordered = [format(value, form) for value in sorted(values)]
    median = ordered[len(ordered) // 2]
    return median if ordered[0] == ordered[-1] else f"{median} ({ordered[0]}–{ordered[-1]})"
