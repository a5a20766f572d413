"""The parts of script/server that need no process: metrics, messages, URLs."""

import math

import children
import demo
import metrics
import pytest

PAGE = """\
# HELP chaac_reports_accepted_total Reports committed.
# TYPE chaac_reports_accepted_total counter
chaac_reports_accepted_total{door="http"} 40
chaac_reports_accepted_total{door="grpc"} 2
chaac_http_requests_total{route="/api/weather",method="POST",status="200"} 40
chaac_http_requests_total{route="/api/weather",method="POST",status="422"} 3
chaac_http_requests_total{route="/stats",method="GET",status="503"} 1
chaac_http_request_duration_seconds_bucket{route="/api/weather",le="0.001"} 30
chaac_http_request_duration_seconds_bucket{route="/api/weather",le="+Inf"} 43
chaac_http_request_duration_seconds_bucket{route="/stats",le="0.001"} 7
chaac_store_up 1
chaac_snapshot_timestamp_seconds 1795481374.25
"""


def test_reads_a_page_of_metrics():
    sample = metrics.parse(PAGE, at=5.0)
    assert sample == metrics.Sample(
        at=5.0,
        accepted=42,
        errors=4,
        store_up=True,
        snapshot_at=1795481374.25,
        durations={0.001: 30, math.inf: 43},
    )


def test_an_interval_is_the_difference_of_two_samples():
    earlier = metrics.Sample(at=10, accepted=100, durations={0.001: 50, 0.002: 50, math.inf: 50})
    later = metrics.Sample(at=12, accepted=150, durations={0.001: 50, 0.002: 70, math.inf: 70})
    interval = metrics.between(earlier, later)
    assert interval == metrics.Interval(reports_per_second=25, p50="1.5 ms", p99="1.99 ms")


@pytest.mark.parametrize(
    ("counts", "quantile", "text"),
    [
        ({}, 0.5, "–"),
        ({0.001: 0, math.inf: 0}, 0.5, "–"),
        ({0.001: 10, math.inf: 10}, 0.5, "0.5 ms"),
        ({0.001: 0, 0.004: 4, math.inf: 4}, 0.5, "2.5 ms"),
        ({0.001: 0, 0.002: 10, 0.004: 10, math.inf: 10}, 1.0, "2 ms"),
        ({0.001: 1, 0.002: 1, math.inf: 10}, 0.99, "> 2 ms"),
        ({2.0: 0, 4.0: 4, math.inf: 4}, 0.5, "3000 ms"),
    ],
)
def test_quantiles_are_interpolated_within_a_bucket(counts, quantile, text):
    assert metrics.duration_text(counts, quantile) == text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"log.level":"error","message":"no such file"}', "error: no such file"),
        ('{"log.level":"error","message":"no","error.message":"why"}', "error: no: why"),
        ('{"log.level":"error","message":"no","error.message":""}', "error: no"),
        ("plain words", "plain words"),
        ('{"level":"error"}', '{"level":"error"}'),
        ("3", "3"),
        ("[]", "[]"),
    ],
)
def test_of_a_json_log_line_the_message_and_its_cause_are_shown(line, message):
    assert children.message_of(line) == message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("valkey://127.0.0.1:6379", "valkey://127.0.0.1:6379"),
        ("valkeys://ana:secret@store:6380", "valkeys://ana:…@store:6380"),
        ("valkey://:secret@store", "valkey://:…@store"),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock"),
    ],
)
def test_a_password_is_never_shown(url, shown):
    assert demo.without_password(url) == shown
