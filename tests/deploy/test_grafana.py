"""The dashboards of deploy/grafana: held to Grafana's own types, and every query of theirs asked of
a running system, which must answer with data. There is no Grafana here: Prometheus, the API and
Valkey are real, Infinity's backend parser is JSONata from npm, and the kubelet is a stand-in with
the metrics of a real one."""

import configparser
import copy
import json
import re
import subprocess
import threading
import time
import urllib.parse
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lib.monitoring import Prometheus, RedisExporter, fetch, load_yaml
from lib.processes import Server, Valkey, wait_until

from deploy.grafana_files import DASHBOARDS, GRAFANA, load, node, panels, queries
from deploy.load import SteadyLoad

SHIPPED = [path for path in DASHBOARDS if path.parent.name == "dashboards"]
SOURCES = load_yaml(GRAFANA / "provisioning/datasources/chaac.yaml")["datasources"]
REDIS_SOURCES = load_yaml(GRAFANA / "redis-data-source/valkey.yaml")["datasources"]
PROVIDERS = load_yaml(GRAFANA / "provisioning/dashboards/chaac.yaml")["providers"]
MUNICIPALITY = "chinautla"
WAIT_S = 60  # Data is there within seconds; reached by a failure alone.


# The files.


def test_dashboards_are_what_grafana_publishes():
    assert [path.stem for path in DASHBOARDS] == ["operations", "weather", "original"]
    for path, wrong in node("check.mjs", *DASHBOARDS).items():
        assert wrong == [], f"{path}:\n" + "\n".join(wrong)


def _set(path: str, value):
    def change(dashboard):
        *parents, last = path.split("/")
        place = dashboard
        for name in parents:
            place = place[int(name) if name.isdigit() else name]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return change


BROKEN = {
    "no unit": _set("panels/1/fieldConfig/defaults/unit", None),
    "no words for no data": _set("panels/1/fieldConfig/defaults/noValue", None),
    "no description": _set("panels/1/description", None),
    "an option that does not exist": _set("panels/1/options/colour", "red"),
    "an option without its meaning": _set("panels/1/options/colorMode", "rainbow"),
    "an option missing": _set("panels/1/options/reduceOptions", None),
    "a panel that is unknown": _set("panels/1/type", "speedometer"),
    "a panel without type": _set("panels/1/type", None),
    "a query's field misspelt": _set("panels/1/targets/0/rootSelector", "x"),
    "a query without parser": _set("panels/1/targets/0/parser", None),
    "a frontend parser": _set("panels/1/targets/0/parser", "simple"),
    "an absolute URL": _set("panels/1/targets/0/url", "http://elsewhere/stats"),
    "PromQL under another name": _set("panels/2/targets/0/expression", "up"),
    "an empty PromQL": _set("panels/2/targets/0/expr", ""),
    "another data source": _set("panels/2/targets/0/datasource/uid", "other"),
    "a panel's other data source": _set("panels/2/datasource/uid", "chaac-api"),
    "a slow refresh": _set("refresh", "5s"),
    "a field of a dashboard": _set("refreshes", "1s"),
    "the new format": _set("elements", {}),
}


def test_broken_dashboards_are_refused(tmp_path):
    good = load(GRAFANA / "dashboards/weather.json")
    assert good["panels"][1]["type"] == "stat"
    for name, change in BROKEN.items():
        document = copy.deepcopy(good)
        change(document)
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    found = node("check.mjs", *tmp_path.glob("*.json"))
    assert len(found) == len(BROKEN)
    for path, wrong in found.items():
        assert wrong, path


def test_how_many_servers_are_ready_is_said_of_how_many(tmp_path):
    """Two of three are ready, one of the two others answers: "2 of 3". None is known: no data."""
    (query,) = (q for q in queries("prometheus") if q.panel == "Servers ready")
    assert query.target["legendFormat"] == "of {{of}}" and query.target["instant"]
    case = {
        "interval": "15s",
        "input_series": [
            {"series": 'up{job="chaac",pod="a"}', "values": "1x20"},
            {"series": 'up{job="chaac",pod="b"}', "values": "1x10 0x10"},
            {"series": 'up{job="chaac",pod="c"}', "values": "1x20"},
            {"series": 'up{job="valkey",pod="v"}', "values": "1x20"},
            {"series": 'chaac_ready{job="chaac",pod="a"}', "values": "1x20"},
            {"series": 'chaac_ready{job="chaac",pod="b"}', "values": "1x10 stale"},
            {"series": 'chaac_ready{job="chaac",pod="c"}', "values": "0x5 1x15"},
        ],
        "promql_expr_test": [
            {
                "expr": query.target["expr"],
                "eval_time": at,
                "exp_samples": [{"labels": '{of="3"}', "value": value}],
            }
            for at, value in (("1m", 2), ("2m", 3), ("4m", 2))
        ],
    }
    file = tmp_path / "ready.yml"
    file.write_text(json.dumps({"evaluation_interval": "15s", "tests": [case]}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_called_ready_asks_who_is():
    """`up` says that the admin port answers: a server without its store is up and not ready."""
    for path in SHIPPED:
        for panel in panels(load(path)):
            if "ready" in f"{panel['title']} {panel['description']}".lower():
                for target in panel["targets"]:
                    assert "chaac_ready{" in target["expr"], panel["title"]


def test_uids_are_fixed_and_lead_somewhere():
    uids = {path: load(path)["uid"] for path in DASHBOARDS}
    assert len(set(uids.values())) == len(DASHBOARDS)
    known = {(source["type"], source["uid"]) for source in SOURCES}
    with_redis = known | {(source["type"], source["uid"]) for source in REDIS_SOURCES}
    assert len(with_redis) == 3
    for path in DASHBOARDS:
        dashboard = load(path)
        allowed = known if path in SHIPPED else with_redis
        references = [panel["datasource"] for panel in panels(dashboard)]
        references += [t["datasource"] for panel in panels(dashboard) for t in panel["targets"]]
        references += [
            v["datasource"] for v in dashboard["templating"]["list"] if "datasource" in v
        ]
        assert {(r["type"], r["uid"]) for r in references} <= allowed, path
        for link in dashboard["links"]:
            assert link["url"].removeprefix("/d/") in uids.values()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_have_ids_of_their_own_and_do_not_overlap(path):
    dashboard = load(path)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    taken = {}
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])):  # fmt: skip
            assert cell not in taken, f"{panel['title']} lies on {taken[cell]}"
            taken[cell] = panel["title"]


def test_variables_that_are_used_are_defined():
    builtin = {"__rate_interval", "__from", "__to"}
    for path in DASHBOARDS:
        dashboard = load(path)
        used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard["panels"])))
        defined = {variable["name"] for variable in dashboard["templating"]["list"]}
        assert used - builtin == defined, path


def test_the_settings_of_grafana():
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(GRAFANA / "grafana.ini")
    assert settings["dashboards"]["min_refresh_interval"] == "1s"
    (provider,) = PROVIDERS
    home = settings["dashboards"]["default_home_dashboard_path"]
    assert home == f"{provider['options']['path']}/weather.json"
    assert settings["security"]["admin_password"].startswith("$__file{")
    assert settings["auth.anonymous"]["enabled"] == "false"
    assert settings["users"]["allow_sign_up"] == "false"


def test_infinity_may_ask_nobody_else():
    (source,) = (s for s in SOURCES if s["type"] == "yesoreyeram-infinity-datasource")
    assert source["jsonData"]["allowedHosts"] == [source["url"]]


# The queries, asked of a running system.


class Kubelet:
    """A stand-in: what cAdvisor and the kubelet say of a container and a volume, counting on."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                now = time.monotonic()
                where = 'namespace="weather-system",pod="chaac-0",container="chaac"'
                volume = 'namespace="weather-system",persistentvolumeclaim="data-valkey-0"'
                body = f"""\
container_cpu_usage_seconds_total{{{where}}} {now / 4}
container_cpu_cfs_periods_total{{{where}}} {now * 10}
container_cpu_cfs_throttled_periods_total{{{where}}} {now}
container_memory_working_set_bytes{{{where}}} 5e7
container_spec_memory_limit_bytes{{{where}}} 2e8
kubelet_volume_stats_available_bytes{{{volume}}} 6e9
kubelet_volume_stats_capacity_bytes{{{volume}}} 1e10
"""
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def system(module_folder):
    """Server, store, exporter and Prometheus under load, until the first rates are there."""
    valkey = Valkey(module_folder / "valkey", "--maxmemory", "200mb").start()
    server = Server(module_folder / "server", valkey.url).start()
    exporter = RedisExporter(module_folder / "exporter", valkey.url).start()
    kubelet = Kubelet()
    prometheus = Prometheus(
        module_folder / "prometheus",
        {
            "chaac": f"127.0.0.1:{server.admin_port}",
            "valkey": exporter.address,
            "kubelet": kubelet.address,
            "cadvisor": kubelet.address,
        },
    ).start()
    load = SteadyLoad(server.port)
    wait_until(
        lambda: prometheus.query("job:chaac_ingest_duration_seconds:p99_5m > 0"), "rates", WAIT_S
    )
    yield {"valkey": valkey, "server": server, "prometheus": prometheus}
    load.stop()
    kubelet.close()
    for child in (prometheus, exporter, server, valkey):
        child.kill()


def filled_in(text: str) -> str:
    """A query with Grafana's variables replaced, as for the last hour."""
    now = datetime.now(UTC)
    for name, value in {
        "$__rate_interval": "10s",
        "${municipality}": MUNICIPALITY,
        "$municipality": MUNICIPALITY,
        "${step}": "60",
        "${__from:date:iso}": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%S.250Z}",
        "${__to:date:iso}": f"{now:%Y-%m-%dT%H:%M:%S.750Z}",
    }.items():
        text = text.replace(name, value)
    assert "$" not in text, text
    return text


@pytest.mark.parametrize("query", queries("prometheus"), ids=str)
def test_promql_returns_data(system, query):
    expression = filled_in(query.target["expr"])

    def finite():
        samples = system["prometheus"].query(expression)
        return [s for s in samples if s["value"][1] not in ("NaN", "+Inf", "-Inf")]

    samples = wait_until(finite, f"{expression} returns data", WAIT_S)
    for label in re.findall(r"\{\{(\w+)\}\}", query.target.get("legendFormat", "")):
        if "vector(0)" not in expression:
            assert all(label in sample["metric"] for sample in samples), label


def test_variables_have_values(system):
    for path in DASHBOARDS:
        for variable in load(path)["templating"]["list"]:
            if variable["type"] != "query":
                continue
            text = variable["query"]["query"]
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", text).groups()
            url = f"http://{system['prometheus'].address}/api/v1/label/{label}/values"
            query = urllib.parse.urlencode({"match[]": selector})
            assert MUNICIPALITY in json.loads(fetch(f"{url}?{query}"))["data"]


def _is(kind: str, value) -> bool:
    if kind == "timestamp":
        return datetime.fromisoformat(value).utcoffset() is not None
    return isinstance(value, str if kind == "string" else int | float)


def test_infinity_returns_data(system):
    """Every URL answers 200, and every selector finds values of its column's type in every row. The
    load has filled everything: nothing is null."""
    asked = queries("yesoreyeram-infinity-datasource")
    api = f"http://127.0.0.1:{system['server'].port}"
    documents = [json.loads(fetch(api + filled_in(query.target["url"]))) for query in asked]
    selections = [
        {
            "document": document,
            "root": query.target["root_selector"],
            "columns": [column["selector"] for column in query.target["columns"]],
        }
        for query, document in zip(asked, documents, strict=True)
    ]
    for query, rows in zip(asked, node("select.mjs", document=selections), strict=True):
        assert rows, query
        kinds = [column["type"] for column in query.target["columns"]]
        for row in rows:
            wanted = kinds or ["number"] * len(row)
            assert row and len(row) == len(wanted), query
            for kind, value in zip(wanted, row, strict=True):
                assert _is(kind, value), f"{query}: {value!r} is no {kind}"
        if query.target["format"] == "timeseries":
            assert kinds[0] == "timestamp" and "string" not in kinds, query


def test_a_selector_that_finds_nothing_is_noticed(system):
    document = json.loads(fetch(f"http://127.0.0.1:{system['server'].port}/stats"))
    asked = [
        {"document": document, "root": "no_such", "columns": ["min"]},
        {"document": document, "root": "", "columns": ["total"]},
    ]
    assert node("select.mjs", document=asked) == [[], [[None]]]


def test_the_original_queries_return_data(system):
    asked = queries("redis-datasource")
    assert len(asked) >= 8
    with system["valkey"].client() as client:
        for query in asked:
            target = query.target
            if target["type"] == "cli":
                command = target["query"].split()
            else:
                command = [target["command"].upper(), target["keyName"]]
            assert client(*command), query
