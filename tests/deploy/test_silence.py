"""When a municipality counts as silent: by its own rhythm, shown by promtool on the shipped rules.
Each case gives the minutes in which reports came, as one server or several show them, and asks at
which minutes the alert fires."""

import json
import subprocess
from itertools import pairwise

from lib.monitoring import RULES, load_yaml

METRIC = "chaac_store_municipality_last_report_timestamp_seconds"
HOUR, DAY = 60, 24 * 60  # In minutes, as all times here.
WEEK = 7 * DAY  # How long a municipality is remembered.
SHORT_WEEK = 2 * DAY  # Here: evaluating a week takes too long.


def every(minutes: int, until: int, start: int = 0) -> list[int]:
    return list(range(start, until, minutes))


def series(reports: list[int], until: int, start: int = 0, gaps=()) -> str:
    """What a server shows from `start` on, scraped once a minute: the time of the newest report. It
    shows none before the first, in one of the `gaps` (in which no server answers), or a day after
    the last, when the municipality is forgotten."""
    values = []
    marks = [*sorted(reports), until]
    for at, following in pairwise(marks):
        for minute in range(at, following):
            hidden = minute < start or any(low <= minute < high for low, high in gaps)
            values.append("_" if hidden or minute - at > DAY else str(at * 60))
    # Prometheus' notation: a value, then how often it is repeated.
    counted: list[list] = [["_", marks[0]]] if marks[0] else []
    for value in values:
        if counted and counted[-1][0] == value:
            counted[-1][1] += 1
        else:
            counted.append([value, 1])
    return " ".join(
        ("stale " if value == "_" and at else "") + (f"{value}x{times - 1}" if times > 1 else value)
        for at, (value, times) in enumerate(counted)
    )


def groups() -> list[dict]:
    """The shipped rules that this is about; days of the others would take minutes."""
    shipped = [group for path in RULES for group in load_yaml(path)["groups"]]
    text = json.dumps(shipped)
    assert text.count(f"{WEEK // DAY} * 86400") == 1
    shipped = json.loads(text.replace(f"{WEEK // DAY} * 86400", f"{SHORT_WEEK // DAY} * 86400"))
    found = [group for group in shipped if group["name"] == "chaac.municipalities"]
    for group in shipped:
        rules = [r for r in group["rules"] if r.get("alert") == "ChaacMunicipalitySilent"]
        if rules:
            found.append({"name": "silence", "interval": "2m", "rules": rules})
    assert len(found) == 2
    return found


def firing(tmp_path, municipalities: dict[str, dict[str, str]], asked: dict[str, dict]) -> None:
    """Runs `municipalities` (by name, what each server shows) together, and holds of each at which
    minutes its alert fires, and at which it does not."""
    case = {
        "interval": "1m",
        "input_series": [
            {
                "series": f'{METRIC}{{job="chaac",pod="{pod}",municipality="{name}"}}',
                "values": values,
            }
            for name, pods in municipalities.items()
            for pod, values in pods.items()
        ],
        "promql_expr_test": [
            {
                "expr": 'count(ALERTS{alertname="ChaacMunicipalitySilent",alertstate="firing",'
                f'municipality="{name}"}}) or vector(0)',
                "eval_time": f"{minute}m",
                "exp_samples": [{"value": number}],
            }
            for name, minutes in asked.items()
            for minute, number in minutes.items()
        ],
    }
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": groups()}))
    file = tmp_path / "silence.yml"
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "2m", "tests": [case]}
    file.write_text(json.dumps(document))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def quiet(minutes: range) -> dict[int, int]:
    return dict.fromkeys(minutes, 0)


def test_each_rhythm_has_its_own_patience(tmp_path):
    """Three times the silence that is usual, but half an hour at least; five minutes more and what
    lies between two looks. A burst is no rhythm: one a minute for an hour and a half, then one an
    hour. (A hundred within a minute look like one.)"""
    end = 20 * HOUR
    rhythms = {
        "1m": (every(1, until=end), 30, 40),
        "5m": (every(5, until=end), 30, 40),
        "15m": (every(15, until=end), 35, 55),
        "60m": (every(HOUR, until=end), 150, 200),
        "3h": (every(3 * HOUR, until=end), 7 * HOUR, 10 * HOUR),
        "burst": (every(1, until=90) + every(HOUR, start=2 * HOUR, until=end), 130, 200),
    }
    shown, asked = {}, {}
    for name, (reports, still_quiet, fires) in rhythms.items():
        last = reports[-1]
        shown[name] = {"a": series(reports, 32 * HOUR)}
        asked[name] = quiet(range(HOUR, last, 61)) | {last + still_quiet: 0, last + fires: 1}
    firing(tmp_path, shown, asked)


def test_who_tries_it_out_has_no_rhythm(tmp_path):
    """A few reports, or an hour of them, and never again; two reports half a day apart."""
    reports = {
        "three": every(1, until=3),
        "an hour": every(1, until=HOUR),
        "two": [0, 12 * HOUR],
    }
    shown = {name: {"a": series(came, 30 * HOUR)} for name, came in reports.items()}
    firing(tmp_path, shown, dict.fromkeys(reports, quiet(range(30, 30 * HOUR, 107))))


def test_silence_does_not_end_when_the_data_do(tmp_path):
    """The store forgets a municipality a day after its last report. The alert stays until a report
    comes, or for a week. Who comes back has kept its rhythm: when it falls silent again that is
    noticed as soon as before."""
    reports = every(HOUR, until=12 * HOUR)
    last, returns = reports[-1], reports[-1] + 30 * HOUR
    back = reports + every(HOUR, start=returns, until=returns + 4 * HOUR)
    shown = {
        "gone": {"a": series(reports, last + SHORT_WEEK + HOUR)},
        "back": {"a": series(back, returns + 9 * HOUR)},
    }
    asked = {
        "gone": {last + DAY + 10: 1, last + SHORT_WEEK - 10: 1, last + SHORT_WEEK + 10: 0},
        "back": {last + DAY + 10: 1, returns - 5: 1, back[-1] + 220: 1}
        | quiet(range(returns + 5, back[-1] + 120, 11)),
    }
    firing(tmp_path, shown, asked)


def test_servers_show_the_same_and_restart(tmp_path):
    """Two servers, each away for a while, both for twenty minutes; the second was made later, and
    is gone for good before the end. None of it is a report or a silence."""
    end = 22 * HOUR
    both = (14 * HOUR, 14 * HOUR + 20)
    shown, asked = {}, {}
    for minutes in (1, 15, HOUR):
        reports = every(minutes, until=end)
        first = series(reports, 27 * HOUR, gaps=[(7 * HOUR, 8 * HOUR), both])
        second = series(
            reports, 27 * HOUR, 3 * HOUR, [(9 * HOUR, 10 * HOUR), both, (20 * HOUR, DAY)]
        )
        shown[f"{minutes}m"] = {"a": first, "b": second}
        asked[f"{minutes}m"] = quiet(range(HOUR, reports[-1], 47)) | {reports[-1] + 4 * HOUR: 1}
    firing(tmp_path, shown, asked)


def test_a_new_rhythm_is_learnt_within_a_day(tmp_path):
    """From every minute to every hour: told at first, and not after half a day; and back."""
    change, end = 12 * HOUR, 36 * HOUR
    slower = every(1, until=change) + every(HOUR, start=change, until=end)
    faster = every(HOUR, until=change) + every(1, start=change, until=end)
    firing(
        tmp_path,
        {name: {"a": series(r, 38 * HOUR)} for name, r in (("slower", slower), ("faster", faster))},
        {
            "slower": {change + 50: 1} | quiet(range(change + 14 * HOUR, end, 37)),
            "faster": {faster[-1] + 25: 0, faster[-1] + 45: 1},
        },
    )
