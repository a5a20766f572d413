"""One run: a fault under load, and the verdict on L1 to L4. What is sent and when the fault strikes
follow from the fault, the seed and the attempt, as far as real processes that race let them."""

import asyncio
import random
import shutil
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from faults.failover import FAILOVERS, SUITE_PLAN, FailoverStage, fail_over
from faults.faults import FAULTS
from faults.ledger import (
    all_stored,
    check_counters,
    check_resent,
    check_stored,
    check_totals,
    lost_rows,
)
from faults.stage import BareStage, Stage, Void

ATTEMPTS_MAX = 3  # Of a run whose fault does not happen.
RUN_SECONDS_MAX = 180
SETTLE_SECONDS_MAX = 15
PROMISES = ("L1", "L2", "L3", "L4")


@dataclass
class Result:
    """What a run did, and what did not hold; no problems: all promises held."""

    fault: str
    seed: int
    requests: int = 0
    acknowledged: int = 0
    unavailable: int = 0
    resent: int = 0
    stored: int = 0
    attempts: int = 1
    slowest_reply_s: float = 0
    seconds: float = 0
    notes: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    folder: Path | None = None  # Kept when there are problems.

    @property
    def verdicts(self) -> dict[str, bool]:
        """Whether each promise was checked and held. A run that broke off proves none."""
        if any(not problem.startswith(PROMISES) for problem in self.problems):
            return dict.fromkeys(PROMISES, False)
        return {p: not any(x.startswith(p) for x in self.problems) for p in PROMISES}


async def _settled_dump(stage: BareStage):
    """The store when the server's own totals agree with it, or when they do not come to."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while True:
        dump = await stage.dump()
        problems = check_totals(dump, await stage.get("/stats"))
        if not problems or time.monotonic() > deadline:
            return dump, problems
        await asyncio.sleep(0.05)


def _stage(fault: str, folder: Path, rng: random.Random) -> BareStage:
    plan = SUITE_PLAN if fault == "failover" else FAILOVERS.get(fault)
    return Stage(folder, rng) if plan is None else FailoverStage(folder, rng, plan)


def _excuse_losses(stage: BareStage, dump):
    """Counts what was acknowledged and is lost, where its loss is announced; the checks that follow
    are of all else."""
    lost = lost_rows(stage.ledger, dump)
    stage.notes["lost"] = len(lost)
    for row in lost:
        row.acknowledged_epoch = -1


async def _play(stage: BareStage, fault: str):
    stage.load.start()
    await stage.load.reach("acknowledged", 400)
    await (fail_over if fault in FAILOVERS else FAULTS[fault])(stage)
    await stage.load.reach("acknowledged", 1500)
    stage.check_counters(await stage.dump(), "under load")
    await stage.load.stop()
    await stage.until(stage.server.is_ready, "the server is ready after the fault")

    before, problems = await _settled_dump(stage)
    stage.problems += problems
    if stage.may_lose:
        _excuse_losses(stage, before)
    stage.problems += check_stored(stage.ledger, before) + check_counters(before)

    await stage.load.send_again()
    after, problems = await _settled_dump(stage)
    stage.problems += problems
    stage.problems += check_stored(stage.ledger, after) + check_resent(stage.ledger, before, after)
    stage.problems += [f"answer: {text}" for text in stage.ledger.unexpected[:10]]
    stage.server.require_running()
    return len(all_stored(after))


async def _attempt(result: Result, attempt: int, folder: Path):
    """Plays once and fills `result`; raises Void when the fault did not happen."""
    rng = random.Random(f"{result.fault} {result.seed} {attempt}")
    stage = None
    try:
        async with (
            asyncio.timeout(RUN_SECONDS_MAX),
            _stage(result.fault, folder, rng) as stage,
        ):
            result.stored = await _play(stage, result.fault)
    finally:
        if stage is not None:
            ledger = stage.ledger
            result.requests, result.acknowledged = ledger.requests, ledger.acknowledged
            result.unavailable, result.resent = ledger.unavailable, ledger.resent
            result.slowest_reply_s = ledger.slowest_reply_s
            result.notes, result.problems = stage.notes, list(stage.problems)
            (folder / "ledger.tsv").write_text(ledger.describe())


def run(fault: str, seed: int, folder: Path) -> Result:
    """Runs `fault` with `seed` in `folder`, which is removed when all promises held."""
    result = Result(fault, seed)
    started = time.monotonic()
    for attempt in range(1, ATTEMPTS_MAX + 1):
        result.attempts = attempt
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            asyncio.run(_attempt(result, attempt, folder))
            break
        except Void as void:
            result.problems = [f"void {attempt} times: {void}"]
        except Exception as error:  # A run that breaks off is a result too: it is reported.
            result.problems.append(f"run: {type(error).__name__}: {error}")
            (folder / "traceback.txt").write_text(traceback.format_exc())
            break
    result.seconds = time.monotonic() - started
    if result.problems:
        result.folder = folder
        (folder / "problems.txt").write_text("\n".join(result.problems) + "\n")
    else:
        shutil.rmtree(folder)
    return result
