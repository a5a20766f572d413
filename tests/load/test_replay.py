"""The replay against a stand-in server: what it sends, sends again, counts and says."""

import json
import signal
import subprocess
import sys

import observations
import pytest
import replay
from stand_in import Act, stand_in

REPLAY = [sys.executable, replay.__file__]
SECONDS_MAX = 60  # A replay that takes longer hangs.


def run(server, *arguments):
    command = [*REPLAY, "--url", server.url, "--rate", "10000", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    return done.returncode, json.loads(done.stdout), done.stderr


def test_sends_the_table_in_order_each_report_with_its_own_key():
    with stand_in() as server:
        status, counts, _ = run(server, "--limit", "50")
    expected = observations.read_table(observations.find_table()).observations[:50]
    assert status == 0
    assert [report for _, report in server.requests] == [known.report for known in expected]
    assert len({key for key, _ in server.requests}) == 50
    assert counts == {
        "sent": 50,
        "accepted": 50,
        "failed": 0,
        "unresolved": 0,
        "retries": 0,
        "skipped": 1,
    }


def test_retries_with_the_same_key_count_once():
    plan = {2: Act.BUSY, 3: Act.BUSY, 6: Act.MUTE, 8: Act.GARBLE}
    with stand_in(plan) as server:
        status, counts, stderr = run(server, "--limit", "5")
    assert (status, counts["accepted"], counts["retries"]) == (0, 5, 4)
    assert server.stats()["total_processed"] == 5
    numbers = [1, 2, 2, 2, 3, 4, 4, 5, 5]  # Which report each request carried.
    keys = list(dict.fromkeys(key for key, _ in server.requests))
    assert [keys.index(key) + 1 for key, _ in server.requests] == numbers
    known = observations.read_table(observations.find_table()).observations
    assert [report for _, report in server.requests] == [known[n - 1].report for n in numbers]
    assert "retrying: 503 not-committed: The store is away." in stderr


def test_refusals_are_counted_and_explained():
    with stand_in({1: Act.REFUSE, 2: Act.NO_ID}) as server:
        status, counts, stderr = run(server, "--limit", "3")
    assert (status, counts["accepted"], counts["failed"]) == (1, 1, 2)
    assert "failed: 422 out-of-range: temperature 99 is not in -90..60." in stderr
    assert len(server.requests) == 3


def test_once_ends_and_loop_begins_again():
    last = "26114"
    with stand_in() as server:
        _, once, _ = run(server, "--once", "--from-row", last)
        _, looped, _ = run(server, "--loop", "--from-row", last, "--limit", "2")
    assert (once["sent"], looped["sent"]) == (1, 2)
    reports = [report for _, report in server.requests]
    known = observations.read_table(observations.find_table()).observations
    assert reports == [known[-1].report, known[-1].report, known[0].report]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_while_the_server_is_away(stop):
    with stand_in() as gone:
        url = gone.url
    process = subprocess.Popen(
        [*REPLAY, "--url", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert "retrying: no answer from" in process.stderr.readline()
    process.send_signal(stop)
    stdout, _ = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0
    assert json.loads(stdout)["unresolved"] == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2),
        ("0", replay.BACKOFF_FIRST_S),
        ("86400", replay.RETRY_AFTER_MAX_S),
        (None, replay.RETRY_AFTER_DEFAULT_S),
        ("Fri, 31 Dec 1999 23:59:59 GMT", replay.RETRY_AFTER_DEFAULT_S),
    ],
)
def test_retry_after(header, seconds):
    assert replay.retry_after_s(header) == seconds


def test_without_the_package_it_says_how_to_get_it():
    without_packages = [sys.executable, "-S", REPLAY[1]]
    done = subprocess.run(without_packages, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "run script/bootstrap" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rate", "0"),
        ("--rate", "nan"),
        ("--limit", "-1"),
        ("--url", "127.0.0.1:8081"),
        ("--url", "http://127.0.0.1:99999"),
    ],
)
def test_a_wrong_value_is_named_with_its_flag(arguments):
    done = subprocess.run([*REPLAY, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert arguments[0] in done.stderr
    assert arguments[1] in done.stderr
