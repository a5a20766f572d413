"""Real Prometheus, Alertmanager and redis_exporter on the files of deploy/, started on loopback.

What a test must change is changed here and nowhere else: discovery by Kubernetes becomes fixed
targets (Debian builds Prometheus without it), intervals become seconds, and secrets are files of
the test."""

import json
import re
import shutil
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from lib.ports import ReservedPort
from lib.processes import REPOSITORY, Child, wait_until

DEPLOY = REPOSITORY / "deploy"
RULES = sorted((DEPLOY / "prometheus/rules").glob("*.yml"))
JOBS = sorted((DEPLOY / "kubernetes/components").glob("cert-manager-metrics/*.yml"))
# By Debian's packages the programs have other names than by Prometheus' own.
ALERTMANAGER = shutil.which("prometheus-alertmanager") or "alertmanager"
REDIS_EXPORTER = shutil.which("prometheus-redis-exporter") or "redis_exporter"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # All is on this machine.


def fetch(url: str, data: bytes | None = None) -> bytes:
    with _DIRECT.open(url, data=data, timeout=20) as answer:
        return answer.read()


def load_yaml(path: Path):
    return yaml.safe_load(path.read_text())


def prometheus_config() -> dict:
    """The shipped file with the jobs of JOBS in it: Debian's Prometheus 2.42 includes no files."""
    config = load_yaml(DEPLOY / "prometheus/prometheus.yml")
    assert config.pop("scrape_config_files") == ["jobs/*.yml"]
    for path in JOBS:
        config["scrape_configs"] += load_yaml(path)["scrape_configs"]
    return config


def alerts(paths=RULES) -> list[dict]:
    """Every alerting rule of the files."""
    groups = [group for path in paths for group in load_yaml(path)["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


class _WebChild(Child):
    """A process that answers 200 at `ready_path` of its port once it is ready."""

    ready_path = "/-/ready"

    def __init__(self, name: str, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(name, folder)
        self.folder = folder
        self._port = ReservedPort()
        self.port = self._port.number

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def wait_ready(self):
        wait_until(self._answers, f"{self.log_path.stem} is ready")

    def _answers(self) -> bool:
        self.require_running()
        try:
            fetch(f"http://{self.address}{self.ready_path}")
        except OSError:
            return False
        return True


class RedisExporter(_WebChild):
    """redis_exporter on one Valkey."""

    ready_path = "/"

    def __init__(self, folder: Path, valkey_url: str):
        super().__init__("redis-exporter", folder)
        self._valkey_url = valkey_url

    def launch(self):
        self.spawn(
            [REDIS_EXPORTER, "-redis.addr", self._valkey_url, "-web.listen-address", self.address]
        )


class Alertmanager(_WebChild):
    """Alertmanager on the shipped file, with its secrets in `folder` and PagerDuty at a Sink."""

    def __init__(self, folder: Path, sink: "Sink"):
        super().__init__("alertmanager", folder)
        secrets = folder / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / "slack-webhook-url").write_text(f"{sink.url}/slack\n")
        (secrets / "pagerduty-routing-key").write_text("the-routing-key\n")
        text = (DEPLOY / "alertmanager/alertmanager.yml").read_text()
        text = text.replace("/etc/alertmanager/secrets", str(secrets))
        text = text.replace("global:\n", f"global:\n  pagerduty_url: {sink.url}/pagerduty\n")
        text = re.sub(r"group_(wait|interval): \w+", r"group_\1: 1s", text)
        (folder / "alertmanager.yml").write_text(text)
        shutil.copytree(DEPLOY / "alertmanager/templates", folder / "templates")

    def launch(self):
        self.spawn(
            [ALERTMANAGER, f"--config.file={self.folder}/alertmanager.yml",
             f"--storage.path={self.folder}/data", f"--web.listen-address={self.address}",
             "--cluster.listen-address="]
        )  # fmt: skip


class PrometheusApi:
    """What a running Prometheus knows, asked at `address`."""

    address: str

    def query(self, expression: str) -> list[dict]:
        """The samples of an instant query; PromQL errors raise."""
        text = urllib.parse.urlencode({"query": expression}).encode()
        try:
            answer = json.loads(fetch(f"http://{self.address}/api/v1/query", text))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error
        assert answer["status"] == "success", answer
        result = answer["data"]["result"]
        return (
            result
            if isinstance(result, list) and answer["data"]["resultType"] != "scalar"
            else [result]
        )

    def value(self, expression: str) -> float | None:
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def alerts(self) -> list[dict]:
        answer = json.loads(fetch(f"http://{self.address}/api/v1/alerts"))
        return answer["data"]["alerts"]

    def firing(self) -> set[str]:
        return {a["labels"]["alertname"] for a in self.alerts() if a["state"] == "firing"}

    def rules(self) -> list[dict]:
        answer = json.loads(fetch(f"http://{self.address}/api/v1/rules"))
        return [rule for group in answer["data"]["groups"] for rule in group["rules"]]


def with_fixed_targets(config: dict, targets: dict[str, dict[str, str]], alertmanager: str = ""):
    """The shipped configuration for where Prometheus cannot ask Kubernetes: its jobs that have
    `targets` (addresses by pod, by job), the others left out."""
    config.pop("scrape_config_files", None)  # Which Debian's 2.42 does not know.
    config["scrape_configs"] = [
        _fixed(job, targets[job["job_name"]])
        for job in config["scrape_configs"]
        if job["job_name"] in targets
    ]
    managers = [{"targets": [alertmanager]}] if alertmanager else []
    config["alerting"]["alertmanagers"] = [{"static_configs": managers}]


def _fixed(job: dict, addresses: dict[str, str]) -> dict:
    keep = {"job_name", "scrape_interval", "sample_limit", "metric_relabel_configs"}
    fixed = {name: value for name, value in job.items() if name in keep}
    fixed["static_configs"] = [
        {"targets": [address], "labels": {"namespace": "test", "pod": pod} if pod else {}}
        for pod, address in addresses.items()
    ]
    return fixed


class Prometheus(_WebChild, PrometheusApi):
    """Prometheus on the shipped file and rules, every second. `targets`: addresses by job. Pending
    times and the windows of the symptom alerts are seconds: a test need not wait minutes."""

    def __init__(self, folder: Path, targets: dict[str, str], alertmanager: str = ""):
        super().__init__("prometheus", folder)
        config = prometheus_config()
        config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s"}
        config["global"]["evaluation_interval"] = "1s"
        for job in config["scrape_configs"]:
            job.pop("scrape_interval", None)
        pods = {job: {_pod_of(job): address} for job, address in targets.items()}
        with_fixed_targets(config, pods, alertmanager)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config, sort_keys=False))
        (folder / "rules").mkdir()
        for path in RULES:
            (folder / "rules" / path.name).write_text(self._quick(path.read_text()))

    @staticmethod
    def _quick(text: str) -> str:
        text = re.sub(r"(?m)^( +)for: .*$", r"\1for: 1s", text)
        text = re.sub(r"(?m)^ +interval: .*\n", "", text)
        return re.sub(r"\[(2m|5m)\]", "[10s]", text)

    def launch(self):
        environment = {
            "CHAAC_CLUSTER": "test",
            "CHAAC_RUNBOOKS_URL": "https://runbooks.test",
            "PATH": "/usr/bin:/bin",
        }
        self.spawn(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml",
             f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address={self.address}",
             "--enable-feature=expand-external-labels", "--log.level=warn"],
            environment,
        )  # fmt: skip


def _pod_of(job: str) -> str:
    """Kubelets name namespaces and pods themselves."""
    return "" if job in ("kubelet", "cadvisor") else f"{job}-0"


class Sink:
    """Takes what Alertmanager sends to Slack and PagerDuty: `posted` holds (path, document)."""

    def __init__(self):
        self.posted: list[tuple[str, dict]] = []
        posted = self.posted

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posted.append((self.path, json.loads(body)))
                self.send_response(202 if self.path.startswith("/pagerduty") else 200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
