"""The rules of deploy/kubernetes as functions: each takes the objects that an overlay renders to
and yields what breaks it, one sentence each. They see what is written; what only a cluster knows
they cannot see."""

import fnmatch
import re
from collections.abc import Iterator

import yaml

Objects = list[dict]

NAME = "app.kubernetes.io/name"
RECOMMENDED = (
    NAME,
    "app.kubernetes.io/component",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
)
VERSION = "app.kubernetes.io/version"
OWN_NAMESPACES = ("weather-system", "weather-logs")
CONTROLLERS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
SPREAD = ("zone", "hostname")


def named(item: dict) -> str:
    return f"{item['kind']} {item['metadata']['name']}"


def of_kind(objects: Objects, *kinds: str) -> list[dict]:
    return [item for item in objects if item["kind"] in kinds]


def pod_templates(objects: Objects) -> Iterator[tuple[dict, dict]]:
    """Every object that makes pods, with its template."""
    for item in of_kind(objects, *CONTROLLERS):
        yield item, item["spec"]["template"]


def containers(objects: Objects) -> Iterator[tuple[str, dict, dict]]:
    """Every container: where it is, itself, and its pod's specification."""
    for item, template in pod_templates(objects):
        spec = template["spec"]
        for container in spec.get("initContainers", []) + spec["containers"]:
            yield f"{named(item)}, container {container['name']}", container, spec


def matches(selector: dict, labels: dict) -> bool:
    """Whether a map of labels, as in matchLabels, selects these labels."""
    return all(labels.get(key) == value for key, value in selector.items())


def labels_of_pods(template: dict) -> dict:
    return template["metadata"].get("labels", {})


def probes(objects: Objects) -> Iterator[str]:
    """What runs for good is probed for its start, readiness and life; liveness waits longer."""
    for item, template in pod_templates(objects):
        if item["kind"] == "Job":
            continue
        for container in template["spec"]["containers"]:
            where = f"{named(item)}, container {container['name']}"
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe not in container:
                    yield f"{where} has no {probe}"
            live, ready = (_patience(container.get(p)) for p in ("livenessProbe", "readinessProbe"))
            if live and ready and live <= ready:
                yield f"{where}: liveness gives up after {live} s, no later than readiness"
            if _asks(container.get("livenessProbe")) in ("/ready", "/readyz"):
                yield f"{where}: its liveness asks whether it is ready"


def _patience(probe: dict | None) -> int:
    return probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3) if probe else 0


def _asks(probe: dict | None) -> str:
    return (probe or {}).get("httpGet", {}).get("path", "")


def security_context(objects: Objects) -> Iterator[str]:
    """Stricter than Pod Security's "restricted": the root file system is read-only too."""
    for item, template in pod_templates(objects):
        pod = template["spec"].get("securityContext", {})
        if template["metadata"]["labels"][NAME] == "fluent-bit":
            continue  # It reads the nodes' logs, in a namespace of its own: docs/deploy.md.
        if pod.get("runAsNonRoot") is not True or not pod.get("runAsUser"):
            yield f"{named(item)} may run as root"
        if pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{named(item)} has no seccomp profile"
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if template["spec"].get(field):
                yield f"{named(item)} has {field}"
    for where, container, _ in containers(objects):
        context = container.get("securityContext", {})
        if context.get("readOnlyRootFilesystem") is not True:
            yield f"{where} may write to its root file system"
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{where} may gain privileges"
        if context.get("capabilities", {}).get("drop") != ["ALL"]:
            yield f"{where} keeps capabilities"
        if context.get("privileged") or context.get("capabilities", {}).get("add"):
            yield f"{where} is given privileges"


def labels(objects: Objects) -> Iterator[str]:
    """Everything carries the recommended labels; what runs says its version, which is its
    image's."""
    for item in objects:
        for label in RECOMMENDED:
            if label not in item["metadata"].get("labels", {}):
                yield f"{named(item)} has no label {label}"
    for item, template in pod_templates(objects):
        for label in (*RECOMMENDED, VERSION):
            if label not in labels_of_pods(template):
                yield f"the pods of {named(item)} have no label {label}"
        image = template["spec"]["containers"][0]["image"]
        version = labels_of_pods(template).get(VERSION, "")
        if version not in image and "chaac/" not in image:
            yield f"{named(item)} says version {version} and runs {image}"


def limits(objects: Objects) -> Iterator[str]:
    """Requests and limits of CPU and memory on every container; what is written to memory is
    bounded."""
    for where, container, _ in containers(objects):
        resources = container.get("resources", {})
        for what in ("requests", "limits"):
            for resource in ("cpu", "memory"):
                if resource not in resources.get(what, {}):
                    yield f"{where} has no {what} of {resource}"
    for item, template in pod_templates(objects):
        for volume in template["spec"].get("volumes", []):
            if "emptyDir" in volume and not (volume["emptyDir"] or {}).get("sizeLimit"):
                yield f"{named(item)}: the emptyDir {volume['name']} has no sizeLimit"


def pinned_images(objects: Objects) -> Iterator[str]:
    """A tag that says a whole version, or a digest; never latest, never none."""
    for where, container, _ in containers(objects):
        image = container["image"]
        if not re.search(r"(:v?\d+\.\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$", image):
            yield f"{where}: the image {image} is not pinned"


def selectors(objects: Objects) -> Iterator[str]:
    """Controllers select their own pods and nobody else's; Services and budgets select somebody."""
    pods = list(pod_templates(objects))
    for item, template in pods:
        if item["kind"] == "Job":
            continue
        selector = item["spec"]["selector"]["matchLabels"]
        if not matches(selector, labels_of_pods(template)):
            yield f"{named(item)} does not select its own pods"
        for other, others in pods:
            if other is not item and matches(selector, labels_of_pods(others)):
                yield f"{named(item)} selects the pods of {named(other)}"
        for constraint in template["spec"].get("topologySpreadConstraints", []):
            if constraint["labelSelector"]["matchLabels"] != selector:
                yield f"{named(item)} is spread by other labels than its own"
    for item in of_kind(objects, "Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        spec = item["spec"]
        selector = spec.get("podSelector", spec.get("selector", {}))
        selector = selector.get("matchLabels", selector)
        if any(key.startswith("acme.cert-manager.io/") for key in selector):
            continue  # cert-manager's pods, which are there for a minute.
        if not any(matches(selector, labels_of_pods(template)) for _, template in pods):
            yield f"{named(item)} selects no pod"


def ports(objects: Objects) -> Iterator[str]:
    """What a Service, a probe, a route or a policy names as a port is one that a container has."""
    services = {item["metadata"]["name"]: item for item in of_kind(objects, "Service")}
    for service in services.values():
        for port in service["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            for item, template in pod_templates(objects):
                if matches(service["spec"]["selector"], labels_of_pods(template)) and (
                    not _has_port(template["spec"], target)
                ):
                    yield f"{named(service)}: {named(item)} has no port {target}"
    for where, container, _ in containers(objects):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            action = container.get(probe, {})
            port = action.get("httpGet", action.get("tcpSocket", {})).get("port")
            if port is not None and not _has_port({"containers": [container]}, port):
                yield f"{where}: its {probe} asks port {port}, which it does not have"
    for where, service, port in _backends(objects):
        ports_of_service = services.get(service, {"spec": {"ports": []}})["spec"]["ports"]
        if not any(port in (p["port"], p["name"]) for p in ports_of_service):
            yield f"{where} leads to port {port} of Service {service}, which does not exist"


def _has_port(spec: dict, port: str | int) -> bool:
    return any(
        port in (p["containerPort"], p.get("name"))
        for container in spec["containers"]
        for p in container.get("ports", [])
    )


def _backends(objects: Objects) -> Iterator[tuple[str, str, str | int]]:
    for route in of_kind(objects, "HTTPRoute", "GRPCRoute"):
        for rule in route["spec"]["rules"]:
            for backend in rule.get("backendRefs", []):
                yield named(route), backend["name"], backend["port"]
    for ingress in of_kind(objects, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                port = service["port"]
                yield named(ingress), service["name"], port.get("name", port.get("number"))


def admin_stays_inside(objects: Objects) -> Iterator[str]:
    """No edge leads to metrics, to the load generator or to the monitoring's own pages."""
    for where, service, port in _backends(objects):
        if service not in ("chaac", "grafana") or port not in (8081, "http", 3000, "web"):
            yield f"{where} leads the public to {service}:{port}"
    for item in of_kind(objects, "Service"):
        if item["spec"].get("type", "ClusterIP") != "ClusterIP":
            yield f"{named(item)} is a {item['spec']['type']}: the edge is the Gateway's"


def edge_paths(objects: Objects) -> Iterator[str]:
    """Paths reach the server as they are, and no proxy sends a report twice."""
    for ingress in of_kind(objects, "Ingress"):
        annotations = ingress["metadata"].get("annotations", {})
        for name in annotations:
            if re.search(r"rewrite|regex|snippet", name):
                yield f"{named(ingress)}: {name}"
        if annotations.get("nginx.ingress.kubernetes.io/proxy-next-upstream") != "off":
            yield f"{named(ingress)} may send a report twice"
    for route in of_kind(objects, "HTTPRoute"):
        for rule in route["spec"]["rules"]:
            if "retry" in rule:
                yield f"{named(route)} may send a report twice"
            if any(f["type"] == "URLRewrite" for f in rule.get("filters", [])):
                yield f"{named(route)} rewrites paths"
            if not rule.get("backendRefs") and not any(
                f["type"] == "RequestRedirect" for f in rule.get("filters", [])
            ):
                yield f"{named(route)} leads nowhere"


_SECRET_NAME = re.compile(r"password|passwd|secret|token|api_?key|credential", re.IGNORECASE)
_ALLOWED_VALUE = re.compile(r"^(/|$)")  # A path of a mounted file.


def literal_secrets(objects: Objects) -> Iterator[str]:
    """No password is written in a manifest: not in a Secret, a variable, a flag or a ConfigMap."""
    for item in of_kind(objects, "Secret"):
        if item.get("data") or item.get("stringData"):
            yield f"{named(item)} is in the manifests"
    for where, container, _ in containers(objects):
        for variable in container.get("env", []):
            value = variable.get("value", "")
            if _SECRET_NAME.search(variable["name"]) and not _ALLOWED_VALUE.match(value):
                yield f"{where}: {variable['name']} is written out"
            if re.search(r"://[^/@\s]*:[^/@\s]+@", value):
                yield f"{where}: {variable['name']} has a password in its URL"
        for argument in container.get("args", []) + container.get("command", []):
            if re.search(r"--?[\w-]*(password|secret|token)[\w-]*=[^/]", argument):
                yield f"{where}: {argument.split('=')[0]} is written out"
    for item in of_kind(objects, "ConfigMap"):
        for key, text in item.get("data", {}).items():
            if re.search(
                r"-----BEGIN [A-Z ]*PRIVATE KEY|hooks\.slack\.com/services/T|admin/admin", text
            ):
                yield f"{named(item)}: {key} holds a secret"


def service_accounts(objects: Objects) -> Iterator[str]:
    """Everyone has an account of their own, and a token only who asks the Kubernetes API."""
    accounts = {item["metadata"]["name"]: item for item in of_kind(objects, "ServiceAccount")}
    bound = {
        subject["name"]
        for item in of_kind(objects, "RoleBinding", "ClusterRoleBinding")
        for subject in item["subjects"]
    }
    for item, template in pod_templates(objects):
        name = template["spec"].get("serviceAccountName", "default")
        if name not in accounts:
            yield f"{named(item)} runs as the account {name}, which is not there"
        elif accounts[name].get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {name} hands out tokens"
        if template["spec"].get("automountServiceAccountToken") is not (name in bound):
            yield f"{named(item)} and its token: it has one exactly if its account has a Role"
        if template["spec"].get("enableServiceLinks") is not False:
            yield f"{named(item)} gets a variable for every Service"


def least_roles(objects: Objects) -> Iterator[str]:
    """Roles read, and read no Secret; none has a wildcard; the server has none."""
    for item in of_kind(objects, "Role", "ClusterRole"):
        for rule in item["rules"]:
            if not set(rule["verbs"]) <= {"get", "list", "watch"}:
                yield f"{named(item)} may change {rule['resources']}"
            if "*" in rule["resources"] + rule["apiGroups"] or "secrets" in rule["resources"]:
                yield f"{named(item)} may read {rule['resources']}"
    for item in of_kind(objects, "RoleBinding", "ClusterRoleBinding"):
        for subject in item["subjects"]:
            if subject["name"] not in ("prometheus", "fluent-bit"):
                yield f"{named(item)} gives rights to {subject['name']}"


# What Prometheus lists and watches to find the targets of each role of kubernetes_sd_configs.
_DISCOVERED = {"pod": {"pods"}, "node": {"nodes"}}


def scrape_jobs(objects: Objects) -> Iterator[dict]:
    """The jobs of Prometheus as it is mounted: of its file, and of those that this one includes."""
    data = {c["metadata"]["name"]: c.get("data", {}) for c in of_kind(objects, "ConfigMap")}
    for item in of_kind(objects, "StatefulSet"):
        if item["metadata"]["name"] != "prometheus":
            continue
        files = {}
        for volume in item["spec"]["template"]["spec"]["volumes"]:
            for source in volume.get("projected", {}).get("sources", []):
                content = data.get(source["configMap"]["name"], {})
                paths = source["configMap"].get("items") or [{"key": k, "path": k} for k in content]
                files |= {path["path"]: content[path["key"]] for path in paths}
        config = yaml.safe_load(files["prometheus.yml"])
        yield from config["scrape_configs"]
        for pattern in config.get("scrape_config_files", []):
            for path in fnmatch.filter(files, pattern):
                yield from yaml.safe_load(files[path])["scrape_configs"]


def _granted(objects: Objects, account: str) -> set[tuple[str | None, str]]:
    """What an account may list and watch: (namespace, resource), of all namespaces with None."""
    roles = {
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]): item["rules"]
        for item in of_kind(objects, "Role", "ClusterRole")
    }
    found = set()
    for binding in of_kind(objects, "RoleBinding", "ClusterRoleBinding"):
        if not any(
            subject["name"] == account and subject["namespace"] == "weather-system"
            for subject in binding["subjects"]
        ):
            continue
        reference, namespace = binding["roleRef"], binding["metadata"].get("namespace")
        of_role = namespace if reference["kind"] == "Role" else None
        for rule in roles.get((reference["kind"], of_role, reference["name"]), []):
            if {"list", "watch"} <= set(rule["verbs"]):
                found |= {(namespace, resource) for resource in rule["resources"]}
    return found


def discovery_is_allowed(objects: Objects) -> Iterator[str]:
    """Prometheus may list what its jobs look for, where they look for it, and nothing else: without
    the right it logs an error for ever, and a right without a job is one too many."""
    wanted = set()
    for job in scrape_jobs(objects):
        for discovery in job.get("kubernetes_sd_configs", []):
            resources = _DISCOVERED[discovery["role"]]
            namespaces = discovery.get("namespaces", {}).get("names", [None])
            wanted |= {(space, resource) for space in namespaces for resource in resources}
    granted = _granted(objects, "prometheus")
    for space, resource in sorted(wanted - granted, key=str):
        yield f"Prometheus looks for {resource} in {space or 'all namespaces'}, and no Role lets it"
    for space, resource in sorted(granted - wanted, key=str):
        yield f"Prometheus may list {resource} in {space or 'all namespaces'}, and no job does"


def restricted_namespaces(objects: Objects) -> Iterator[str]:
    """Everything is in a namespace of ours; the API server holds weather-system to "restricted"."""
    spaces = {item["metadata"]["name"]: item for item in of_kind(objects, "Namespace")}
    enforced = spaces["weather-system"]["metadata"]["labels"].get(
        "pod-security.kubernetes.io/enforce"
    )
    if enforced != "restricted":
        yield f"weather-system enforces {enforced}"
    for item in objects:
        namespace = item["metadata"].get("namespace")
        if item["kind"] in ("Namespace", "ClusterRole", "ClusterRoleBinding"):
            continue
        if item["kind"] in ("Role", "RoleBinding") and namespace == "cert-manager":
            continue
        if namespace not in spaces:
            yield f"{named(item)} is in the namespace {namespace}"


def availability(objects: Objects) -> Iterator[str]:
    """The server: scaled by load, spread, never all taken away at once. Who runs as several is
    too."""
    servers = [i for i in of_kind(objects, "Deployment") if i["metadata"]["name"] == "chaac"]
    for server in servers:
        if "replicas" in server["spec"]:
            yield "Deployment chaac has replicas, which the autoscaler owns"
        if server["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] != 0:
            yield "Deployment chaac takes servers away before others are there"
    scalers = of_kind(objects, "HorizontalPodAutoscaler")
    if [s["spec"]["scaleTargetRef"]["name"] for s in scalers] != ["chaac"]:
        yield "the server has no autoscaler of its own"
    for scaler in scalers:
        low, high = scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]
        if scaler["apiVersion"] != "autoscaling/v2" or not 2 <= low < high <= 10:
            yield f"{named(scaler)} scales from {low} to {high}"
        if [m["resource"]["name"] for m in scaler["spec"]["metrics"]] != ["cpu"]:
            yield f"{named(scaler)} does not scale by CPU"
    budgets = of_kind(objects, "PodDisruptionBudget")
    for item, template in pod_templates(objects):
        several = item["spec"].get("replicas", 1) > 1 or item in servers
        if item["kind"] not in ("Deployment", "StatefulSet") or not several:
            continue
        constraints = template["spec"].get("topologySpreadConstraints", [])
        keys = {constraint["topologyKey"].rsplit("/")[-1] for constraint in constraints}
        if keys != set(SPREAD):
            yield f"{named(item)} is not spread over {SPREAD}"
        if not any(
            b["spec"].get("maxUnavailable") == 1
            and matches(b["spec"]["selector"]["matchLabels"], labels_of_pods(template))
            for b in budgets
        ):
            yield f"{named(item)} has no budget with maxUnavailable 1"


def evictions(objects: Objects) -> Iterator[str]:
    """Each budget says what a drain may do with pods that are not ready, and all say the same:
    docs/adr/0013. The default would let a drain and the store wait for each other."""
    for budget in of_kind(objects, "PodDisruptionBudget"):
        policy = budget["spec"].get("unhealthyPodEvictionPolicy")
        if policy != "AlwaysAllow":
            yield f"{named(budget)}: its policy for pods that are not ready is {policy}"


def drain_fits(objects: Objects) -> Iterator[str]:
    """preStop, the delay and the time for open requests end before the grace period does."""
    for item in of_kind(objects, "Deployment"):
        if item["metadata"]["name"] != "chaac":
            continue
        spec = item["spec"]["template"]["spec"]
        container = spec["containers"][0]
        environment = {variable["name"]: variable.get("value") for variable in container["env"]}
        sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        delay, timeout = (
            int(environment.get(f"CHAAC_DRAIN_{what}_MS", 0)) / 1000
            for what in ("DELAY", "TIMEOUT")
        )
        if not (sleep and delay and timeout):
            yield "the server does not drain"
        if sleep + delay + timeout + 5 > spec["terminationGracePeriodSeconds"]:
            yield f"draining takes {sleep + delay + timeout} s, too long for its grace period"


# Valkey's shutdown-timeout, which valkey.conf leaves alone: it waits so long for its replicas when
# it is stopped.
_VALKEY_SHUTDOWN_S = 10


def hand_over_fits(objects: Objects) -> Iterator[str]:
    """What leave.sh waits for and Valkey's own shutdown end before the grace period does, and the
    pause of writes only after it: what a node took then could be dropped."""
    (scripts,) = (
        item["data"] for item in of_kind(objects, "ConfigMap") if "leave.sh" in item.get("data", {})
    )
    seconds = {
        name: int(value)
        for script in ("common.sh", "leave.sh")
        for name, value in re.findall(r"^readonly (\w+_S)=(\d+)", scripts[script], re.MULTILINE)
    }
    waits = [seconds[name] for name in ("SENTINELS_S", "CATCH_UP_S", "PROMOTION_S")]
    # Each wait may end with a question that nobody answers, and so does the request between them.
    longest = sum(waits) + (len(waits) + 1) * seconds["CLI_S"] + _VALKEY_SHUTDOWN_S
    if re.search(r"^shutdown-timeout", scripts["valkey.conf"], re.MULTILINE):
        yield "valkey.conf sets shutdown-timeout: the rule counts with its default"
    for item in of_kind(objects, "StatefulSet"):
        if item["metadata"]["name"] == "valkey":
            grace = item["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
            if longest >= grace:
                yield f"to hand over takes {longest} s, too long for its grace period"
            if seconds["PAUSE_S"] <= grace:
                yield "writes are taken again before the grace period ends"


def durable_store(objects: Objects) -> Iterator[str]:
    """Valkey's data are on a volume that outlives it, every write in the AOF, snapshots beside
    it."""
    for item in of_kind(objects, "StatefulSet"):
        if not item["spec"].get("volumeClaimTemplates"):
            yield f"{named(item)} has no volume"
        retention = item["spec"].get("persistentVolumeClaimRetentionPolicy", {})
        if retention.get("whenDeleted") != "Retain":
            yield f"{named(item)} takes its volume along when it is deleted"
    (config,) = (
        item for item in of_kind(objects, "ConfigMap") if "valkey.conf" in item.get("data", {})
    )
    settings = config["data"]["valkey.conf"].splitlines()
    for setting in ("appendonly yes", "appendfsync always", "maxmemory-policy noeviction"):
        if setting not in settings:
            yield f"{named(config)}: valkey.conf does not say {setting}"
    if not any(re.match(r"save \d", line) for line in settings):
        yield f"{named(config)}: valkey.conf takes no snapshots"


def mounts(objects: Objects) -> Iterator[str]:
    """Each mount has its volume, each volume its mount, and none lies within another read-only one:
    the directory for it could not be made."""
    for item, template in pod_templates(objects):
        spec = template["spec"]
        volumes = {v["name"] for v in spec.get("volumes", [])}
        volumes |= {c["metadata"]["name"] for c in item["spec"].get("volumeClaimTemplates", [])}
        used = set()
        for container in spec.get("initContainers", []) + spec["containers"]:
            paths = {m["mountPath"].rstrip("/"): m for m in container.get("volumeMounts", [])}
            used |= {m["name"] for m in paths.values()}
            for path in paths:
                for outer, mount in paths.items():
                    if path.startswith(f"{outer}/") and mount.get("readOnly"):
                        yield f"{named(item)}: {path} is mounted within {outer}"
        for name in used - volumes:
            yield f"{named(item)} mounts {name}, which is no volume"
        for name in volumes - used:
            yield f"{named(item)}: nothing mounts the volume {name}"


def references(objects: Objects) -> Iterator[str]:
    """ConfigMaps that are named are rendered; nothing is rendered that no pod uses."""
    present = {item["metadata"]["name"] for item in of_kind(objects, "ConfigMap")}
    used = set()
    for _, template in pod_templates(objects):
        for volume in template["spec"].get("volumes", []):
            for source in [volume, *volume.get("projected", {}).get("sources", [])]:
                used.add(source.get("configMap", {}).get("name"))
    for name in used - present - {None}:
        yield f"the ConfigMap {name} is not there"
    for name in present - used:
        yield f"nothing uses the ConfigMap {name}"


RULES = (
    probes,
    security_context,
    labels,
    limits,
    pinned_images,
    selectors,
    ports,
    admin_stays_inside,
    edge_paths,
    literal_secrets,
    service_accounts,
    least_roles,
    discovery_is_allowed,
    restricted_namespaces,
    availability,
    evictions,
    drain_fits,
    hand_over_fits,
    durable_store,
    mounts,
    references,
)
