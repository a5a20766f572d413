"""The synthetic mix: its shares, its ranges, and bodies that are all spelled differently."""

import json
import random
from collections import Counter

import pytest
import synthetic

SAMPLES = 10_000


@pytest.fixture(scope="module")
def samples():
    """(report, body) as one seed gives them."""
    rng = random.Random(2013)
    reports = [synthetic.random_report(rng) for _ in range(SAMPLES)]
    return [(report, synthetic.random_body(rng, report)) for report in reports]


def test_shares_of_the_municipalities(samples):
    counts = Counter(report["municipality"] for report, _ in samples)
    assert counts.keys() == {"chinautla", "mixco", "guatemala", "amatitlan"}
    assert counts["chinautla"] == pytest.approx(0.7 * SAMPLES, rel=0.05)
    for name in ("mixco", "guatemala", "amatitlan"):
        assert counts[name] == pytest.approx(0.1 * SAMPLES, rel=0.1)


def test_values_fill_their_ranges(samples):
    temperatures = [report["temperature"] for report, _ in samples]
    humidities = [report["humidity"] for report, _ in samples]
    assert (min(temperatures), max(temperatures)) == (15, 35)
    assert (min(humidities), max(humidities)) == (30, 90)
    assert {type(value) for value in temperatures + humidities} == {int, float}
    conditions = {report["weather"] for report, _ in samples}
    assert conditions == {"sunny", "cloudy", "rainy", "foggy"}


def test_bodies_say_what_the_reports_say_and_vary(samples):
    assert all(json.loads(body) == report for report, body in samples)
    assert len({body for _, body in samples}) > 0.95 * SAMPLES
    orders = {tuple(json.loads(body)) for _, body in samples}
    assert len(orders) == 24  # Every order of four fields.
    blanks = {bytes(byte for byte in body if byte in b" \t\n") for _, body in samples}
    assert len(blanks) == len(synthetic.LAYOUTS)
