"""The files of deploy/prometheus and deploy/alertmanager: checked by promtool and amtool, every
alert with a case in which it fires and one in which it does not, every alert with its runbook."""

import json
import re
import subprocess

import pytest
import yaml
from lib.monitoring import DEPLOY, RULES, alerts, load_yaml, prometheus_config
from lib.processes import REPOSITORY

from deploy import reasons

CASES = sorted((REPOSITORY / "tests/deploy/rules").glob("*.yml"))
RUNBOOKS = REPOSITORY / "docs/runbooks"
ALERTMANAGER_FILE = DEPLOY / "alertmanager/alertmanager.yml"
NAMES = [rule["alert"] for rule in alerts()]
# What promtool prints of an alert that it got, in the order of its labels.
_GOT = re.compile(r"got:\[(.*)\]", re.DOTALL)


def run(*command) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def cases() -> dict[str, list[dict]]:
    """By alert, the checks that the files of rules/ make, each with the file's case."""
    found: dict[str, list[dict]] = {name: [] for name in NAMES}
    for path in CASES:
        document = load_yaml(path)
        for case in document["tests"]:
            found[case["name"]].append({"file": document, "case": case})
    return found


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_are_well_formed(path):
    assert "SUCCESS" in run("promtool", "check", "rules", "--lint=all", "--lint-fatal", path)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(path):
    assert "SUCCESS" in run("promtool", "test", "rules", path)


def test_alert_names_are_unique():
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_is_seen_firing_and_silent(cases, name):
    """A case counts only if it asks for this alert by name: the files' own expressions say so."""
    wanted = set()
    for entry in cases[name]:
        for check in entry["case"]["promql_expr_test"]:
            assert f'alertname="{name}",alertstate="firing"' in check["expr"]
            wanted.add(check["exp_samples"][0]["value"] > 0)
    assert wanted == {True, False}


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_has_severity_words_and_a_runbook(rule):
    name = rule["alert"]
    assert rule["labels"] == {"severity": rule["labels"]["severity"]}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert "for" in rule
    annotations = rule["annotations"]
    assert annotations["runbook_url"] == f"{{{{ $externalLabels.runbooks }}}}/{name}.md"
    assert annotations["summary"] and annotations["description"]
    page = (RUNBOOKS / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    for heading in ("## What it means", "## How to see it", "## What to do", "## How to verify"):
        assert page.count(f"\n{heading}\n") == 1, heading
    assert rule["labels"]["severity"] in page.split("## ")[0]


def test_no_runbook_is_left_over():
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == set(NAMES)
    index = (RUNBOOKS / "README.md").read_text()
    assert set(re.findall(r"\]\((\w+)\.md\)", index)) == pages


def test_links_of_the_documentation_lead_somewhere():
    for path in [*RUNBOOKS.glob("*.md"), REPOSITORY / "docs/monitoring.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_every_alert_render(cases, name, tmp_path):
    """promtool prints what it got where nothing was expected: templates filled in, well or not."""
    for entry in cases[name]:
        fires = [c for c in entry["case"]["promql_expr_test"] if c["exp_samples"][0]["value"] > 0]
        if not fires:
            continue
        case = {key: entry["case"][key] for key in ("interval", "input_series")} | {
            "external_labels": {"runbooks": "https://runbooks.test"},
            "alert_rule_test": [
                {"eval_time": fires[0]["eval_time"], "alertname": name, "exp_alerts": []}
            ],
        }
        document = entry["file"] | {"tests": [case]}
        rules = (REPOSITORY / "tests/deploy/rules" / path for path in document["rule_files"])
        document["rule_files"] = [str(path.resolve()) for path in rules]
        file = tmp_path / "test.yml"
        file.write_text(yaml.safe_dump(document))
        done = subprocess.run(
            ["promtool", "test", "rules", file], capture_output=True, text=True, check=False
        )
        got = _GOT.search(done.stdout + done.stderr)
        assert done.returncode == 1 and got, done.stdout + done.stderr
        text = got[1]
        assert f'runbook_url="https://runbooks.test/{name}.md"' in text, text
        for broken in ("error expanding", "<no value>", "%!", "<nil>", '=""'):
            assert broken not in text, text


def test_the_configuration_of_prometheus(tmp_path):
    """Debian's promtool knows no Kubernetes: discovery is checked here by its shape, and all else
    by promtool with fixed targets in its place."""
    config = prometheus_config()
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert set(jobs) == {"chaac", "valkey", "monitoring", "cert-manager", "kubelet", "cadvisor"}
    for job in jobs.values():
        (discovery,) = job.pop("kubernetes_sd_configs")
        assert discovery in (
            {"role": "node"},
            {"role": "pod", "namespaces": {"names": ["weather-system"]}},
            {"role": "pod", "namespaces": {"names": ["cert-manager"]}},
        )
        job["static_configs"] = [{"targets": ["localhost:1"]}]
        for key in ("tls_config", "authorization"):  # Their files are in a pod only.
            job.pop(key, None)
    config["rule_files"] = [str(DEPLOY / "prometheus/rules/*.yml")]
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    assert f"{len(RULES)} rule files found" in run("promtool", "check", "config", file)


def test_every_job_that_rules_name_is_scraped():
    text = "".join(path.read_text() for path in RULES)
    named = set(re.findall(r'job="([\w-]+)"', text))
    config = prometheus_config()
    assert named == {job["job_name"] for job in config["scrape_configs"]}


def test_every_metric_read_of_the_kubelet_is_kept():
    config = prometheus_config()
    text = "".join(path.read_text() for path in RULES)
    for job in config["scrape_configs"]:
        if job["job_name"] not in ("kubelet", "cadvisor", "cert-manager"):
            continue
        (kept,) = (
            rule["regex"]
            for rule in job["metric_relabel_configs"]
            if rule["source_labels"][0] == "__name__"
        )
        for metric in re.findall(rf'(\w+){{job="{job["job_name"]}"', text):
            sample = ";".join([metric, "weather-system", "chaac"][: kept.count(";") + 1])
            assert re.fullmatch(kept, sample), metric


def test_every_reason_that_is_named_is_one_that_the_server_gives():
    """In rules, dashboards and pages: what never comes is watched for in vain."""
    texts = {path: path.read_text() for path in [*RULES, *DEPLOY.rglob("dashboards/*.json")]}
    asked = {(path.name, *found) for path, text in texts.items() for found in reasons.asked(text)}
    assert asked
    for where, metric, named in sorted(asked):
        known = reasons.OF_REPORTS if metric == "chaac_reports_rejected_total" else reasons.TYPES
        assert named in known, f"{where}: {metric} never has the reason {named}"
    for path in [*RUNBOOKS.glob("*.md"), REPOSITORY / "docs/monitoring.md"]:
        for word in reasons.words_like_reasons(path.read_text()):
            assert word in reasons.TYPES, f"{path.name}: {word} is no problem type"


def test_every_reason_for_refusing_a_report_alerts():
    """As the service's own fault, or as the sender's, and never as both."""
    by_alert = {
        rule["alert"]: {
            named
            for metric, named in reasons.asked(rule["expr"])
            if metric == "chaac_reports_rejected_total"
        }
        for rule in alerts()
    }
    ours, theirs = by_alert["ChaacReportsRefused"], by_alert["ChaacReportsInvalid"]
    assert not ours & theirs
    assert ours | theirs == reasons.OF_REPORTS
    statuses = {named: reasons.TYPES[named] for named in ours | theirs}
    assert {named for named, status in statuses.items() if status >= 500} == ours


def test_the_reasons_of_the_service_have_a_step_each():
    """ChaacErrorRatioHigh.md, to which the others lead, says of each what to do."""
    (rule,) = (rule for rule in alerts() if rule["alert"] == "ChaacReportsRefused")
    steps = reasons.steps((RUNBOOKS / "ChaacErrorRatioHigh.md").read_text())
    assert {named for _, named in reasons.asked(rule["expr"])} <= set().union(
        *(named for named, _ in steps)
    )


def test_what_runbooks_quote_of_the_log_is_in_the_source():
    source = "".join(path.read_text() for path in (REPOSITORY / "src").rglob("*.cc"))
    quoted = {
        words
        for path in RUNBOOKS.glob("*.md")
        for words in re.findall(r"\*(store [a-z ]+)\*", path.read_text())
    }
    assert quoted
    for words in quoted:
        assert f'"{words}' in source, words


def test_the_configuration_of_alertmanager():
    assert "SUCCESS" in run("amtool", "check-config", ALERTMANAGER_FILE)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("severity=critical alertname=ChaacStoreDown", "pagerduty,slack"),
        ("severity=warning alertname=ChaacServerDown", "slack"),
        ("severity=warning alertname=ChaacMunicipalitySilent", "slack"),
        ("alertname=WithoutSeverity", "slack"),
    ],
)
def test_alerts_are_routed(labels, receivers):
    command = ["amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER_FILE}"]
    run(*command, f"--verify.receivers={receivers}", *labels.split())


def test_inhibitions_name_alerts_that_exist():
    for rule in load_yaml(ALERTMANAGER_FILE)["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            (pattern,) = re.findall(r'^alertname=~?"([^"]+)"$', matcher)
            for part in pattern.split("|"):
                assert any(re.fullmatch(part, name) for name in NAMES), part


def test_no_secret_is_in_the_files():
    text = "".join(p.read_text() for p in DEPLOY.rglob("*") if p.is_file())
    assert "hooks.slack.com" not in text
    document = load_yaml(ALERTMANAGER_FILE)
    keys = set(re.findall(r'"(\w+)":', json.dumps(document)))
    assert not keys & {"slack_api_url", "api_url", "routing_key", "service_key", "password"}
