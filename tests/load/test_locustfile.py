"""Locust itself against a stand-in server: what its table, its ledger and its check say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stand_in import Act, stand_in

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS_MAX = 60  # A run that takes longer hangs.


def run(server, folder, *arguments, users="5", seconds="3s"):
    """Runs Locust; returns its exit status, what it printed, and its ledger."""
    path = folder / "ledger.json"
    done = subprocess.run(
        [sys.executable, "-m", "locust", "--locustfile", REPOSITORY / "load" / "locustfile.py"]
        + ["--host", server.url, "--headless", "--only-summary", "--users", users]
        + ["--spawn-rate", users, "--run-time", seconds, "--ledger", path, "--check-stats"]
        + [*arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return done.returncode, done.stdout, json.loads(path.read_text()) if path.exists() else None


@pytest.mark.parametrize(
    ("user", "name", "fields"),
    [
        ("SyntheticUser", "/api/weather (synthetic)", {"temperature", "humidity", "weather"}),
        ("ReplayUser", "/api/weather (replay)", {"temperature", "humidity"}),
    ],
)
def test_an_honest_server_agrees_to_the_last_report(tmp_path, user, name, fields):
    with stand_in() as server:
        status, output, ledger = run(server, tmp_path, user, users="20")
    assert status == 0, output
    assert name in output
    assert output.rstrip().endswith("agree")
    assert ledger == {
        "accepted": len(server.requests),
        "by_municipality": dict(server.municipalities),
        "by_weather": dict(server.weathers),
        "unknown": 0,
    }
    assert all(report.keys() >= {"municipality", *fields} for _, report in server.requests)
    assert all("observed_at" not in report for _, report in server.requests)


def test_a_lost_report_is_found(tmp_path):
    with stand_in({3: Act.LOSE}) as server:
        status, output, _ = run(server, tmp_path, "SyntheticUser")
    assert status == 1
    assert "differ: " in output


def test_failures_carry_the_servers_sentence_and_fail_the_run(tmp_path):
    plan = {2: Act.REFUSE, 3: Act.NO_ID, 4: Act.BUSY, 5: Act.MUTE}
    with stand_in(plan) as server:
        status, output, ledger = run(server, tmp_path, "SyntheticUser")
    assert status == 1
    assert "422 out-of-range: temperature 99 is not in -90..60." in output
    assert '200: {"status": "success"}' in output
    assert "503 not-committed: The store is away." in output
    assert "no answer: " in output
    # The mute one is stored and the one without an id is not: the client knows neither.
    assert ledger["unknown"] == 2
    assert ledger["accepted"] + 1 == server.stats()["total_processed"]


def test_the_ledger_refuses_to_count_a_part_of_the_run(tmp_path):
    with stand_in() as server:
        status, output, ledger = run(server, tmp_path, "SyntheticUser", "--processes", "2")
    assert status != 0
    assert "one process only" in output
    assert ledger is None
    assert not server.requests


def test_a_server_that_is_away_is_named(tmp_path):
    with stand_in() as gone:
        pass
    status, output, _ = run(gone, tmp_path, "SyntheticUser")
    assert status != 0
    assert f"no Chaac server answers at {gone.url}" in output
    assert "Traceback" not in output


def script_load(*arguments):
    return subprocess.run(
        [REPOSITORY / "script" / "load", *arguments],
        env={**os.environ, "CHAAC_SKIP_PACKAGES": "1"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )


def test_script_load_runs_the_synthetic_mix_and_checks_it():
    with stand_in() as server:
        done = script_load("-H", server.url, "-u", "5", "-r", "5", "-t", "2s", "--only-summary")
    assert done.returncode == 0, done.stderr
    assert "/api/weather (synthetic)" in done.stderr  # Locust prints its tables there.
    assert "(replay)" not in done.stderr
    assert done.stdout.rstrip().endswith("agree")


def test_script_load_without_a_server_says_how_to_start_one():
    with stand_in() as gone:
        pass
    done = script_load("--host", gone.url)
    assert done.returncode == 1
    assert "script/server --no-replay" in done.stderr.splitlines()[-1]
