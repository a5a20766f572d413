"""The reasons for which the server refuses, read from its source, and those that rules, dashboards
and runbooks name: the two must be the same words."""

import re

from lib.processes import REPOSITORY

SOURCE = REPOSITORY / "src"
# Words of other programs that look like a reason: of Kubernetes, Valkey and Alertmanager.
NO_REASONS = {
    "auto-aof-rewrite-min-size",
    "cert-manager",
    "cert-manager-metrics",
    "maxmemory-policy",
    "min-replicas-to-write",
    "pagerduty-routing-key",
    "slack-webhook-url",
    "stop-writes-on-bgsave-error",
    "valkey-cli",
    "weather-system",
}


def _types() -> dict[str, tuple[str, int]]:
    """By name in the code: the problem type and its status. error.cc is in the order of error.h."""
    names = re.findall(r"^  (k\w+),", (SOURCE / "base/error.h").read_text(), re.MULTILINE)
    table = re.findall(r'^    \{(\d+), "([a-z-]+)",', (SOURCE / "base/error.cc").read_text(), re.M)
    assert len(names) == len(table) > 20
    return {name: (text, int(status)) for name, (status, text) in zip(names, table, strict=True)}


_BY_CODE = _types()
TYPES = dict(_BY_CODE.values())


def _of_reports() -> set[str]:
    """What a report can be refused for once its request was read: what decoding and committing
    give. Reading has other reasons, which chaac_reports_rejected_total never has."""
    found = set()
    for folder in ("report", "ingest"):
        for path in (SOURCE / folder).glob("*.cc"):
            if not path.stem.endswith(("_test", "_fuzz")):
                found |= set(re.findall(r"ErrorCode::(k\w+)", path.read_text()))
    return {_BY_CODE[code][0] for code in found}


OF_REPORTS = _of_reports()


def asked(text: str) -> set[tuple[str, str]]:
    """(metric, reason) of the selectors in PromQL, also where it is written in JSON."""
    return {
        (metric, reason)
        for metric, named in re.findall(
            r'(\w+)\{[^}]*?\breason=~?"([^"]+)"', text.replace('\\"', '"')
        )
        for reason in named.split("|")
    }


def words_like_reasons(page: str) -> set[str]:
    return set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", page)) - NO_REASONS


def named_in(text: str) -> set[str]:
    return {word for word in re.findall(r"`([a-z-]+)`", text) if word in TYPES}


def steps(page: str) -> list[tuple[set[str], set[str]]]:
    """Of the numbered steps of a runbook: the reasons and the other pages that each names."""
    return [
        (named_in(step), set(re.findall(r"\((\w+)\.md\)", step)))
        for step in re.findall(r"^\d+\. (.*)$", page, re.MULTILINE)
    ]


def that_lead_to(page: str, index: str) -> set[str]:
    """The reasons of the steps of `index` that lead to the runbook `page`."""
    return set().union(*(named for named, pages in steps(index) if page in pages))
