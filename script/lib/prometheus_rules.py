"""Writes the rules of deploy/prometheus as a PrometheusRule, for clusters that run the operator:
script/lib/prometheus_rules.py > deploy/kubernetes/components/prometheus-operator/rules.yaml. A test
holds the file against this program's output. Needs PyYAML: var/venv has it."""

import sys
from pathlib import Path

import yaml

RULES = Path(__file__).resolve().parents[2] / "deploy/prometheus/rules"
HEAD = "# Made by script/lib/prometheus_rules.py of deploy/prometheus/rules; a test compares.\n"


class Dumper(yaml.SafeDumper):
    """Strings of several lines as blocks, as people write them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, _text)


def prometheus_rule() -> str:
    groups = []
    for path in sorted(RULES.glob("*.yml")):
        groups += yaml.safe_load(path.read_text())["groups"]
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "chaac",
            "labels": {
                "app.kubernetes.io/name": "chaac",
                "app.kubernetes.io/component": "alerts",
            },
        },
        "spec": {"groups": groups},
    }
    return HEAD + yaml.dump(rule, Dumper=Dumper, sort_keys=False, width=110, allow_unicode=True)


if __name__ == "__main__":
    sys.stdout.write(prometheus_rule())
