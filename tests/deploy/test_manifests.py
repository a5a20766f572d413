"""Every overlay renders, decodes strictly and keeps every rule; each rule is shown to catch what it
should."""

import re
import subprocess
import sys

import pytest
import yaml
from lib.processes import REPOSITORY

from deploy import arrows, rules
from deploy.tools import COMPONENTS, KUBERNETES, OVERLAYS, objects, rendered, strict

# Beside the overlays as they are: what the guides tell to combine with script/deploy --with.
COMBINATIONS = [
    *((overlay,) for overlay in OVERLAYS),
    ("gke", "edge-tls-gke", "cert-manager-metrics"),
    ("gke", "edge-tls-gke", "grafana-route-gke"),
    ("gke", "grafana-database"),
    ("gke", "high-availability"),
    ("production", "gke"),
    ("production", "grafana-database"),
    ("production", "logs", "locust"),
    ("local", "elasticsearch"),
    ("local", "grafana-redis"),
    ("ingress", "prometheus-operator"),
]


@pytest.mark.parametrize("combination", COMBINATIONS, ids="+".join)
def test_decodes_strictly(combination):
    done = strict(rendered(*combination))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"{len(objects(*combination))} objects\n"


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("combination", COMBINATIONS, ids="+".join)
def test_keeps(combination, rule):
    found = list(rule(objects(*combination)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("combination", COMBINATIONS, ids="+".join)
def test_policies_are_the_drawn_arrows(combination):
    overlay, *further = combination
    rendered_objects = objects(*combination)
    assert not list(arrows.mistakes(rendered_objects))
    components = arrows.components_of(KUBERNETES / "overlays" / overlay)
    for name in further:
        components |= {name} | arrows.components_of(KUBERNETES / "components" / name)
    assert arrows.of_policies(rendered_objects) == arrows.drawn_for(rendered_objects, components)


def test_every_component_is_rendered():
    used = set()
    for overlay, *further in COMBINATIONS:
        used |= arrows.components_of(KUBERNETES / "overlays" / overlay) | set(further)
    assert used == set(COMPONENTS)


def test_every_row_of_the_table_is_somebodys():
    """A row with a component's name misspelt would never be compared."""
    assert arrows.drawn(set()) < arrows.drawn(set(COMPONENTS))
    text = arrows.DOCUMENT.read_text()
    for row in text.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) == 5 and cells[2].replace(", ", "").isdigit():
            assert set(re.split(", | not ", cells[3])) <= {*COMPONENTS, "base"}, row


# How to break what is right, by the rule that must see it. Each takes the objects of `production`.


def _first(items: list[dict], kind: str, name: str) -> dict:
    return next(i for i in items if i["kind"] == kind and i["metadata"]["name"] == name)


def _server(items) -> dict:
    return _first(items, "Deployment", "chaac")["spec"]


def _pod(items) -> dict:
    return _server(items)["template"]["spec"]


def _container(items) -> dict:
    return _pod(items)["containers"][0]


def _store_pod(items) -> dict:
    return _first(items, "StatefulSet", "valkey")["spec"]["template"]["spec"]


def _policy(items, name="chaac") -> dict:
    return _first(items, "NetworkPolicy", name)["spec"]


def _set(target: dict, key, value):
    target[key] = value


BREAKAGES = {
    "probes": [
        lambda o: _container(o).pop("startupProbe"),
        lambda o: _container(o).pop("readinessProbe"),
        lambda o: _container(o).pop("livenessProbe"),
        lambda o: _set(_container(o)["livenessProbe"]["httpGet"], "path", "/ready"),
        lambda o: _set(_container(o)["livenessProbe"], "periodSeconds", 1),
    ],
    "security_context": [
        lambda o: _pod(o)["securityContext"].pop("runAsNonRoot"),
        lambda o: _set(_pod(o)["securityContext"], "runAsUser", 0),
        lambda o: _pod(o)["securityContext"].pop("seccompProfile"),
        lambda o: _set(_pod(o), "hostNetwork", True),
        lambda o: _container(o)["securityContext"].pop("readOnlyRootFilesystem"),
        lambda o: _container(o)["securityContext"].pop("allowPrivilegeEscalation"),
        lambda o: _container(o)["securityContext"].pop("capabilities"),
        lambda o: _set(_container(o)["securityContext"], "privileged", True),
        lambda o: _pod(o)["initContainers"][0].pop("securityContext"),
    ],
    "labels": [
        lambda o: _first(o, "Service", "chaac")["metadata"]["labels"].pop(rules.NAME),
        lambda o: _server(o)["template"]["metadata"]["labels"].pop(rules.VERSION),
        lambda o: _set(
            _first(o, "StatefulSet", "valkey")["spec"]["template"]["metadata"]["labels"],
            rules.VERSION,
            "7.0.0",
        ),
    ],
    "limits": [
        lambda o: _container(o)["resources"].pop("requests"),
        lambda o: _container(o)["resources"]["limits"].pop("memory"),
        lambda o: _pod(o)["volumes"].append({"name": "tmp", "emptyDir": {}}),
    ],
    "pinned_images": [
        lambda o: _set(_container(o), "image", "chaac/server:latest"),
        lambda o: _set(_container(o), "image", "chaac/server"),
        lambda o: _set(_container(o), "image", "valkey/valkey:8"),
    ],
    "selectors": [
        lambda o: _set(_server(o)["selector"]["matchLabels"], rules.NAME, "chaos"),
        lambda o: _set(_server(o)["selector"], "matchLabels", {}),
        lambda o: _set(_first(o, "Service", "valkey")["spec"]["selector"], rules.NAME, "redis"),
        lambda o: _set(_policy(o)["podSelector"]["matchLabels"], rules.NAME, "chaos"),
        lambda o: _set(
            _first(o, "PodDisruptionBudget", "chaac")["spec"]["selector"]["matchLabels"],
            rules.NAME,
            "chaos",
        ),
        lambda o: _pod(o)["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"].pop(
            rules.NAME
        ),
    ],
    "ports": [
        lambda o: _set(_first(o, "Service", "chaac")["spec"]["ports"][0], "targetPort", "web"),
        lambda o: _set(_container(o)["readinessProbe"]["httpGet"], "port", 8080),
        lambda o: _set(_first(o, "Service", "chaac")["spec"]["ports"][0], "port", 80),
        lambda o: o.remove(_first(o, "Service", "chaac")),
    ],
    "admin_stays_inside": [
        lambda o: _set(_first(o, "Service", "chaac-admin")["spec"], "type", "LoadBalancer"),
        lambda o: _first(o, "HTTPRoute", "chaac")["spec"]["rules"][0]["backendRefs"].append(
            {"name": "chaac-admin", "port": 9081}
        ),
    ],
    "edge_paths": [
        lambda o: _set(
            _first(o, "HTTPRoute", "chaac")["spec"]["rules"][0], "retry", {"attempts": 2}
        ),
        lambda o: _set(
            _first(o, "HTTPRoute", "chaac")["spec"]["rules"][0], "filters", [{"type": "URLRewrite"}]
        ),
        lambda o: _first(o, "HTTPRoute", "chaac")["spec"]["rules"][0].pop("backendRefs"),
        lambda o: o.append(_ingress({"nginx.ingress.kubernetes.io/rewrite-target": "/$1"})),
        lambda o: o.append(_ingress({})),
    ],
    "literal_secrets": [
        lambda o: o.append({"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "YQ=="}}),
        lambda o: _container(o)["env"].append({"name": "CHAAC_VALKEY_PASSWORD", "value": "admin"}),
        lambda o: _set(_container(o)["env"][0], "value", "valkey://chaac:pw@valkey:6379"),
        lambda o: _container(o)["args"].append("--valkey-password=pw"),
        lambda o: o.append(
            {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "login: admin/admin"}}
        ),
    ],
    "service_accounts": [
        lambda o: _pod(o).pop("serviceAccountName"),
        lambda o: _set(_pod(o), "automountServiceAccountToken", True),
        lambda o: _pod(o).pop("enableServiceLinks"),
        lambda o: _first(o, "ServiceAccount", "chaac").pop("automountServiceAccountToken"),
    ],
    "least_roles": [
        lambda o: _first(o, "Role", "prometheus")["rules"][0]["verbs"].append("delete"),
        lambda o: _first(o, "Role", "prometheus")["rules"][0]["resources"].append("secrets"),
        lambda o: _first(o, "Role", "prometheus")["rules"][0]["resources"].append("*"),
        lambda o: _set(_first(o, "RoleBinding", "prometheus")["subjects"][0], "name", "chaac"),
    ],
    "discovery_is_allowed": [
        lambda o: o.remove(_first(o, "Role", "prometheus")),
        lambda o: o.remove(_first(o, "RoleBinding", "weather-system-prometheus")),
        lambda o: _first(o, "Role", "weather-system-prometheus")["rules"][0]["verbs"].pop(),
        lambda o: _first(o, "ClusterRole", "weather-system-prometheus")["rules"].pop(0),
        lambda o: _set(
            _first(o, "RoleBinding", "prometheus")["subjects"][0], "namespace", "monitoring"
        ),
        lambda o: _edit_prometheus(o, "names: [weather-system]", "names: [elsewhere]"),
        lambda o: _edit_prometheus(o, "scrape_config_files:", "rule_files_too:"),
    ],
    "restricted_namespaces": [
        lambda o: _set(
            _first(o, "Namespace", "weather-system")["metadata"]["labels"],
            "pod-security.kubernetes.io/enforce",
            "baseline",
        ),
        lambda o: _first(o, "Service", "chaac")["metadata"].pop("namespace"),
    ],
    "availability": [
        lambda o: _set(_server(o), "replicas", 2),
        lambda o: _set(_server(o)["strategy"]["rollingUpdate"], "maxUnavailable", 1),
        lambda o: o.remove(_first(o, "HorizontalPodAutoscaler", "chaac")),
        lambda o: _set(_first(o, "HorizontalPodAutoscaler", "chaac")["spec"], "maxReplicas", 100),
        lambda o: _set(_first(o, "HorizontalPodAutoscaler", "chaac")["spec"], "minReplicas", 1),
        lambda o: o.remove(_first(o, "PodDisruptionBudget", "chaac")),
        lambda o: o.remove(_first(o, "PodDisruptionBudget", "sentinel")),
        lambda o: _pod(o)["topologySpreadConstraints"].pop(),
    ],
    "evictions": [
        lambda o: _first(o, "PodDisruptionBudget", "chaac")["spec"].pop(
            "unhealthyPodEvictionPolicy"
        ),
        lambda o: _set(
            _first(o, "PodDisruptionBudget", "sentinel")["spec"],
            "unhealthyPodEvictionPolicy",
            "IfHealthyBudget",
        ),
    ],
    "drain_fits": [
        lambda o: _container(o).pop("lifecycle"),
        lambda o: _set(_pod(o), "terminationGracePeriodSeconds", 20),
        lambda o: _set(_container(o)["lifecycle"]["preStop"]["sleep"], "seconds", 60),
    ],
    "hand_over_fits": [
        lambda o: _set(_store_pod(o), "terminationGracePeriodSeconds", 50),
        lambda o: _set(_store_pod(o), "terminationGracePeriodSeconds", 90),
        lambda o: _edit_store_file(o, "leave.sh", "PAUSE_S=90", "PAUSE_S=60"),
        lambda o: _edit_store_file(o, "common.sh", "CLI_S=3", "CLI_S=5"),
        lambda o: _edit_store_file(o, "valkey.conf", "timeout 0", "shutdown-timeout 60"),
    ],
    "durable_store": [
        lambda o: _first(o, "StatefulSet", "valkey")["spec"].pop("volumeClaimTemplates"),
        lambda o: _first(o, "StatefulSet", "valkey")["spec"].pop(
            "persistentVolumeClaimRetentionPolicy"
        ),
        *(
            lambda o, old=old, new=new: _edit_store_file(o, "valkey.conf", old, new)
            for old, new in (
                ("appendfsync always", "appendfsync everysec"),
                ("appendonly yes", "appendonly no"),
                ("noeviction", "allkeys-lru"),
                ("save ", "# save "),
            )
        ),
    ],
    "mounts": [
        lambda o: _container(o)["volumeMounts"].append({"name": "gone", "mountPath": "/gone"}),
        lambda o: _pod(o)["volumes"].append({"name": "unused", "emptyDir": {"sizeLimit": "1Mi"}}),
        lambda o: _set(_container(o)["volumeMounts"][1], "mountPath", "/run/secrets/valkey/tls"),
    ],
    "references": [
        lambda o: o.remove(next(i for i in o if "valkey.conf" in i.get("data", {}))),
        lambda o: o.append({"kind": "ConfigMap", "metadata": {"name": "unused"}, "data": {}}),
    ],
    "mistakes": [
        lambda o: o.remove(_first(o, "NetworkPolicy", "default-deny")),
        lambda o: _set(_policy(o), "egress", [{}]),
        lambda o: _policy(o)["egress"][0].pop("ports"),
        lambda o: _set(_policy(o)["egress"][0], "to", [{"podSelector": {}}]),
        lambda o: _set(_policy(o)["egress"][0], "to", [{"namespaceSelector": {}}]),
        lambda o: _set(_policy(o), "policyTypes", ["Ingress"]),
        lambda o: _set(_policy(o)["egress"][0]["ports"][0], "port", 6380),
    ],
}


def _ingress(annotations: dict) -> dict:
    return {
        "kind": "Ingress",
        "metadata": {"name": "i", "annotations": annotations},
        "spec": {"rules": []},
    }


def _edit_store_file(items: list[dict], name: str, old: str, new: str):
    (config,) = (item for item in items if "valkey.conf" in item.get("data", {}))
    text = config["data"][name]
    assert old in text
    config["data"][name] = text.replace(old, new)


def _edit_prometheus(items: list[dict], old: str, new: str):
    (config,) = (item for item in items if "prometheus.yml" in item.get("data", {}))
    text = config["data"]["prometheus.yml"]
    assert old in text
    config["data"]["prometheus.yml"] = text.replace(old, new)


def test_every_rule_has_breakages():
    assert set(BREAKAGES) == {rule.__name__ for rule in (*rules.RULES, arrows.mistakes)}


@pytest.mark.parametrize(
    ("rule", "number"),
    [(rule, number) for rule, breaks in BREAKAGES.items() for number in range(len(breaks))],
)
def test_rule_catches(rule, number):
    items = objects("production")
    BREAKAGES[rule][number](items)
    assert list(getattr(rules, rule, getattr(arrows, rule, None))(items))


def test_an_arrow_that_nobody_drew_is_seen():
    items = objects("production")
    port = {"port": 9093, "protocol": "TCP"}
    peer = {"podSelector": {"matchLabels": {rules.NAME: "alertmanager"}}}
    _policy(items)["egress"].append({"to": [peer], "ports": [port]})
    caller = {"podSelector": {"matchLabels": {rules.NAME: "chaac"}}}
    _policy(items, "alertmanager")["ingress"][0]["from"].append(caller)
    assert ("chaac", "alertmanager", 9093) in arrows.of_policies(items)
    with pytest.raises(KeyError):
        _policy(items)["egress"][0]["to"].append({"ipBlock": {"cidr": "10.0.0.0/8"}})
        arrows.of_policies(items)


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("minReadySeconds:", "minReadySecond:", 'unknown field "spec.minReadySecond"'),
        ("minReadySeconds: 5", "minReadySeconds: five", "minReadySeconds"),
        ("kind: Deployment", "kind: Deploymnt", "no kind"),
        ("minReadySeconds: 5", "minReadySeconds: 5\n  minReadySeconds: 6", "already set"),
        ("requestPath: /ready", "path: /ready", 'unknown field "spec.default.config'),
        ("runAsNonRoot: true", "runAsNonRoot: false", "Pod Security restricted refuses it"),
        ("gatewayClassName:", "gatewayClass:", 'unknown field "spec.gatewayClass"'),
        ("cacheMode:", "cachingMode:", 'unknown field "spec.cachePolicy.cachingMode"'),
    ],
)
def test_strict_decoding_catches(old, new, finding):
    text = rendered("gke")
    assert old in text
    done = strict(text.replace(old, new))
    assert done.returncode == 1 and finding in done.stdout, done.stdout


def test_sources_have_no_duplicate_keys():
    """Kustomize reads a file before anything else can, and the last of two equal keys would win."""
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        for document in yaml.compose_all(path.read_text()):
            _require_unique(document, path)


def _require_unique(node: yaml.Node, path):
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{path}: {sorted(keys)}"
        for _, value in node.value:
            _require_unique(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _require_unique(value, path)


def test_generated_files_are_all_there_is():
    """A rule, a template or a module of the load that is added is deployed too."""
    for folder, pattern, ignored in (
        ("deploy/prometheus", "rules/*.yml", ()),
        ("deploy/alertmanager", "templates/*", ()),
        ("deploy/valkey", "*.sh", ()),
        ("deploy/grafana", "dashboards/*.json", ()),
        ("load", "*.py", ("replay.py",)),
    ):
        root = REPOSITORY / folder
        content = yaml.safe_load((root / "kustomization.yaml").read_text())
        listed = {file for config in content["configMapGenerator"] for file in config["files"]}
        present = {path.relative_to(root).as_posix() for path in root.glob(pattern)}
        assert present - set(ignored) <= listed, folder


def test_the_load_finds_its_modules():
    """What the locustfile imports of this repository is in the ConfigMap beside it."""
    listed = {
        key
        for item in objects("gke")
        if item["kind"] == "ConfigMap"
        for key in item.get("data", {})
    }
    local = {path.stem for path in (REPOSITORY / "load").glob("*.py")}
    for name in [key for key in listed if key.endswith(".py")]:
        for line in (REPOSITORY / "load" / name).read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and words[1] in local:
                assert f"{words[1]}.py" in listed, line


def test_the_operator_gets_the_same_rules():
    made = subprocess.run(
        [sys.executable, REPOSITORY / "script/lib/prometheus_rules.py"],
        capture_output=True,
        text=True,
    ).stdout
    path = KUBERNETES / "components/prometheus-operator/rules.yaml"
    assert path.read_text() == made, f"script/lib/prometheus_rules.py > {path}"


@pytest.mark.parametrize("combination", COMBINATIONS, ids="+".join)
def test_the_edges_certificates_are_never_missing(combination):
    """Let's Encrypt's answer comes through the Gateway, which GKE does not make with a listener
    whose Secret is missing."""
    listed = objects(*combination)
    named = {
        reference["name"]
        for item in listed
        if item["kind"] == "Gateway"
        for listener in item["spec"]["listeners"]
        for reference in listener.get("tls", {}).get("certificateRefs", [])
    }
    temporary = {
        item["spec"]["secretName"]
        for item in listed
        if item["kind"] == "Certificate"
        and item["metadata"]
        .get("annotations", {})
        .get("cert-manager.io/issue-temporary-certificate")
        == "true"
    }
    assert named <= temporary
    assert ("edge-tls-gke" in combination or "production" in combination) == bool(named)


def test_no_overlay_or_component_moves_what_is_in_another_namespace():
    """Kustomize's "namespace:" takes everything that came before along, Fluent Bit and the Role in
    cert-manager's namespace too; the transformer of ../namespace gives one to those without."""
    for path in KUBERNETES.glob("[co]*/*/kustomization.yaml"):
        assert "namespace" not in yaml.safe_load(path.read_text()), path
