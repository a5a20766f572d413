"""Who may talk to whom: computed from the NetworkPolicies of the rendered objects, and read from
the table of docs/deploy.md. Both are sets of (from, to, port)."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from deploy.rules import labels_of_pods, matches, named, of_kind, pod_templates
from deploy.tools import KUBERNETES, REPOSITORY

Arrow = tuple[str, str, int]

DOCUMENT = REPOSITORY / "docs/deploy.md"

# Peers that are no pods of ours, by how the policies write them.
OUTSIDE = {
    "kube-system k8s-app=kube-dns": "DNS",
    "kube-system k8s-app=node-local-dns": "DNS",
    "169.254.20.10/32": "DNS",
    "169.254.169.254/32": "DNS",
    "envoy-gateway-system app.kubernetes.io/component=proxy": "edge",
    "ingress-nginx app.kubernetes.io/name=ingress-nginx": "edge",
    "35.191.0.0/16": "edge",
    "130.211.0.0/22": "edge",
    "cert-manager app.kubernetes.io/component=controller": "cert-manager",
    "monitoring app.kubernetes.io/name=prometheus": "operator",
    "0.0.0.0/0": "anywhere",
    "0.0.0.0/0 except 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16": "internet",
}
SOLVER = ("acme-solver", {"acme.cert-manager.io/http01-solver": "true"}, (8089,))


class Pods:
    """One workload: its name, its labels, its namespace, its ports."""

    def __init__(self, name: str, namespace: str, labels: dict, ports: tuple[int, ...]):
        self.name, self.namespace, self.labels, self.ports = name, namespace, labels, ports


def workloads(objects: list[dict]) -> list[Pods]:
    found = []
    for item, template in pod_templates(objects):
        ports = tuple(
            port["containerPort"]
            for container in template["spec"]["containers"]
            for port in container.get("ports", [])
        )
        metadata = item["metadata"]
        found.append(
            Pods(metadata["name"], metadata.get("namespace"), labels_of_pods(template), ports)
        )
    if of_kind(objects, "Issuer"):
        name, labels, ports = SOLVER
        if any(issuer["spec"].get("acme") for issuer in of_kind(objects, "Issuer")):
            found.append(Pods(name, "weather-system", labels, ports))
    return found


def _rules(objects: list[dict], direction: str) -> Iterator[tuple[dict, dict]]:
    for policy in of_kind(objects, "NetworkPolicy"):
        for rule in policy["spec"].get(direction, []):
            yield policy, rule


def _selects(policy: dict, pods: Pods) -> bool:
    selector = policy["spec"]["podSelector"].get("matchLabels", {})
    return policy["metadata"].get("namespace") == pods.namespace and matches(selector, pods.labels)


def _peer_is(peer: dict, policy: dict, pods: Pods) -> bool:
    """Whether a peer that a policy names is this workload."""
    if "ipBlock" in peer:
        return False
    namespace = policy["metadata"].get("namespace")
    if "namespaceSelector" in peer:
        namespace = peer["namespaceSelector"]["matchLabels"].get("kubernetes.io/metadata.name")
    selector = peer.get("podSelector", {}).get("matchLabels", {})
    return namespace == pods.namespace and matches(selector, pods.labels)


def _outside(peer: dict) -> str | None:
    """How a peer that is no pod of ours is called here; KeyError for one that nobody has drawn."""
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        text = block["cidr"]
        if block.get("except"):
            text += " except " + " ".join(block["except"])
        return OUTSIDE[text]
    if "namespaceSelector" not in peer:
        return None
    namespace = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    if namespace.startswith("weather-"):
        return None
    ((key, value),) = peer["podSelector"]["matchLabels"].items()
    return OUTSIDE[f"{namespace} {key}={value}"]


def _half(objects: list[dict], direction: str) -> set[Arrow]:
    """The arrows that the rules of one direction let pass: `egress` or `ingress`."""
    pods = workloads(objects)
    word = {"egress": "to", "ingress": "from"}[direction]
    found = set()
    for policy, rule in _rules(objects, direction):
        for own in (p for p in pods if _selects(policy, p)):
            for peer in rule[word]:
                others = [p.name for p in pods if _peer_is(peer, policy, p)]
                outside = _outside(peer)
                for other in others + ([outside] if outside else []):
                    pair = (own.name, other) if direction == "egress" else (other, own.name)
                    found |= {(*pair, port["port"]) for port in rule["ports"]}
    return found


def of_policies(objects: list[dict]) -> set[Arrow]:
    """What passes: between pods, what both sides allow."""
    ours = {pods.name for pods in workloads(objects)}
    egress, ingress = _half(objects, "egress"), _half(objects, "ingress")
    between = {arrow for arrow in egress & ingress if set(arrow[:2]) <= ours}
    leaving = {arrow for arrow in egress if arrow[1] not in ours}
    arriving = {arrow for arrow in ingress if arrow[0] not in ours}
    return between | leaving | arriving


def mistakes(objects: list[dict]) -> Iterator[str]:
    """Policies that say too much, or only half of something."""
    spaces = [item["metadata"]["name"] for item in of_kind(objects, "Namespace")]
    for space in spaces:
        if not any(
            policy["metadata"].get("namespace") == space
            and policy["spec"]["podSelector"] == {}
            and sorted(policy["spec"]["policyTypes"]) == ["Egress", "Ingress"]
            and not policy["spec"].get("ingress")
            and not policy["spec"].get("egress")
            for policy in of_kind(objects, "NetworkPolicy")
        ):
            yield f"the namespace {space} has no policy that denies by default"
    too_wide = False
    for direction, word in (("egress", "to"), ("ingress", "from")):
        for policy, rule in _rules(objects, direction):
            if direction.title() not in policy["spec"]["policyTypes"]:
                yield f"{named(policy)}: its {direction} rules are not in force"
            if not rule.get(word) or not rule.get("ports"):
                too_wide = True
                yield f"{named(policy)} allows {direction} of everyone or on every port"
                continue
            for peer in rule[word]:
                selected = [peer[s] for s in ("podSelector", "namespaceSelector") if s in peer]
                narrow = all(selector.get("matchLabels") for selector in selected)
                if not narrow or ("namespaceSelector" in peer and "podSelector" not in peer):
                    too_wide = True
                    yield f"{named(policy)} allows {direction} of a whole namespace or of all"
    if too_wide:
        return  # What follows cannot tell apart what is allowed to all.
    ours = {pods.name: pods for pods in workloads(objects)}
    egress, ingress = _half(objects, "egress"), _half(objects, "ingress")
    for source, target, port in egress ^ ingress:
        if source in ours and target in ours:
            yield f"{source} to {target}, port {port}: allowed by one side alone"
    for _, target, port in ingress:
        if port not in ours[target].ports:
            yield f"{target} has no port {port}, which a policy opens"


def components_of(folder: Path) -> set[str]:
    """The names of all components that a kustomization uses, through others too."""
    file = folder / "kustomization.yaml"
    found = set()
    content = yaml.safe_load(file.read_text())
    for key in ("components", "resources"):
        for reference in content.get(key, []):
            target = (folder / reference).resolve()
            if target.is_dir():
                if target.parent == KUBERNETES / "components":
                    found.add(target.name)
                found |= components_of(target)
    return found


def drawn(components: set[str]) -> set[Arrow]:
    """The rows of the table whose component (or one of several) is used; `base` always is. A
    component narrows what another opens: "logs not elasticsearch"."""
    text = DOCUMENT.read_text()
    section = re.search(r"^## Who may talk to whom$(.*?)^## ", text, re.MULTILINE | re.DOTALL)[1]
    found = set()
    for row in re.findall(r"^\| *(?!from\b|-)(.+?) *\|$", section, re.MULTILINE):
        source, target, ports, where = [cell.strip() for cell in row.split("|")][:4]
        wanted, _, unwanted = where.partition(" not ")
        used = components | {"base"}
        if set(re.findall(r"[\w-]+", wanted)) & used and unwanted not in used:
            found |= {(source, target, int(port)) for port in ports.split(",")}
    assert found, f"{DOCUMENT} draws nothing"
    return found


def drawn_for(objects: list[dict], components: set[str]) -> set[Arrow]:
    """The same, with "all" written out: everyone of weather-system."""
    arrows = set()
    names = [pods.name for pods in workloads(objects) if pods.namespace == "weather-system"]
    for source, target, port in drawn(components):
        arrows |= {(n, target, port) for n in (names if source == "all" else [source])}
    return arrows
