"""A strict parser of the Prometheus text format (version 0.0.4): it refuses what Prometheus would
refuse, and what is legal but unclean: samples without TYPE or HELP, groups torn apart, broken
histograms."""

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{((?:{_LABEL},?)*)\}})? (\S+)$")
_TYPES = ("counter", "gauge", "histogram", "summary", "untyped")

Labels = frozenset[tuple[str, str]]


@dataclass
class Family:
    """One metric: its kind and, by sample name and labels, its values."""

    kind: str
    help: str
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)


class MetricsError(ValueError):
    """The page is not well-formed."""


def _require(condition, message: str):
    if not condition:
        raise MetricsError(message)


def _family_of(sample: str, families: dict[str, Family]) -> str:
    for suffix in ("_bucket", "_sum", "_count"):
        base = sample.removesuffix(suffix)
        if base != sample and base in families and families[base].kind in ("histogram", "summary"):
            return base
    return sample


def parse(text: str) -> dict[str, Family]:
    """The families by name; MetricsError tells the first fault."""
    _require(text.endswith("\n"), "the last line has no line end")
    families: dict[str, Family] = {}
    helps: dict[str, str] = {}
    current = None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, words = line[7:].partition(" ")
            _require(name not in helps, f"HELP of {name} twice")
            helps[name] = words
            continue
        if line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            _require(re.fullmatch(_NAME, name), f"a bad name: {line}")
            _require(kind in _TYPES, f"an unknown type: {line}")
            _require(name not in families, f"TYPE of {name} twice")
            _require(helps.get(name), f"no HELP before TYPE of {name}")
            families[name] = Family(kind, helps[name])
            current = name
            continue
        match = _SAMPLE.fullmatch(line)
        _require(match, f"not a sample: {line!r}")
        sample = match[1]
        name = _family_of(sample, families)
        _require(name in families, f"no TYPE before {sample}")
        _require(name == current, f"{sample} is not beside the other samples of {name}")
        pairs = [(label, value) for label, value in re.findall(_LABEL, match[2] or "")]
        _require(len({label for label, _ in pairs}) == len(pairs), f"a label twice: {line}")
        key = (sample, frozenset(pairs))
        _require(key not in families[name].samples, f"a sample twice: {line}")
        families[name].samples[key] = float(match[5])
    for name, family in families.items():
        if family.kind == "histogram":
            _check_histogram(name, family)
        if family.kind == "counter":
            _require(all(v >= 0 for v in family.samples.values()), f"{name} is negative")
    return families


def _check_histogram(name: str, family: Family):
    series: dict[Labels, list[tuple[float, float]]] = {}
    for (sample, labels), value in family.samples.items():
        if sample == f"{name}_bucket":
            bound = dict(labels).get("le")
            _require(bound is not None, f"{name}_bucket without le")
            rest = frozenset(pair for pair in labels if pair[0] != "le")
            series.setdefault(rest, []).append((float(bound), value))
    _require(series or not family.samples, f"{name} has no buckets")
    for labels, buckets in series.items():
        buckets.sort()
        counts = [count for _, count in buckets]
        _require(counts == sorted(counts), f"the buckets of {name} are not cumulative")
        _require(buckets[-1][0] == float("inf"), f"{name} has no +Inf bucket")
        _require(
            family.samples.get((f"{name}_count", labels)) == counts[-1],
            f"{name}_count is not the +Inf bucket",
        )
        _require((f"{name}_sum", labels) in family.samples, f"{name} has no sum")


def total(families: dict[str, Family], name: str, **labels: str) -> float:
    """The sum of the samples called `name` that carry all of `labels`."""
    wanted = set(labels.items())
    family = families[_family_of(name, families)]
    return sum(
        v for (sample, pairs), v in family.samples.items() if sample == name and wanted <= pairs
    )
