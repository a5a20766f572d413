"""script/deploy: its plans for real, and its steps on a cluster with a kubectl that stands in for
one (there is no cluster here) but for the server that the smoke test asks, which is real."""

import base64
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from lib.processes import REPOSITORY, Server, Valkey, clean_environment

from deploy.tools import KUBERNETES, OVERLAYS, kubectl

SCRIPT = REPOSITORY / "script/deploy"
CONTEXTS = ("kind-try", "gke_project_zone_weather", "elsewhere")
REGISTRY = ("--registry", "ghcr.io/me/chaac")


class Cluster:
    """What the stand-in answers from, and what it was asked."""

    def __init__(self, folder: Path):
        self.folder = folder / "stand-in"
        self.folder.mkdir()
        config = folder / "kubeconfig"
        cluster = {"server": "https://127.0.0.1:1"}
        config.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": CONTEXTS[0],
                    "clusters": [{"name": "c", "cluster": cluster}],
                    "contexts": [{"name": n, "context": {"cluster": "c"}} for n in CONTEXTS],
                }
            )
        )
        self.environment = clean_environment() | {
            "KUBECONFIG": str(config),
            "CHAAC_KUBECTL": str(Path(__file__).parent / "stand_in_kubectl.py"),
            "REAL_KUBECTL": kubectl(),
            "STAND_IN": str(self.folder),
        }

    def answer(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def deploy(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [SCRIPT, *map(str, arguments)],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def calls(self) -> list[dict]:
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def changes(self) -> list[str]:
        """The calls that change something, in their order, without what they have in common."""
        return [
            " ".join(call["arguments"][2:])
            for call in self.calls()
            if {"apply", "delete", "create"} & set(call["arguments"])
        ]


@pytest.fixture
def cluster(folder):
    return Cluster(folder)


@pytest.fixture
def served(cluster, folder):
    """A server behind the stand-in's port-forward."""
    valkey = Valkey(folder / "valkey").start()
    server = Server(folder / "server", valkey.url).start()
    cluster.answer("port", str(server.port))
    yield cluster
    server.kill()
    valkey.kill()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_plan_names_everything_and_changes_nothing(cluster, overlay):
    done = cluster.deploy(overlay)
    assert done.returncode == 0, done.stderr
    assert "Nothing was changed" in done.stdout
    assert cluster.calls() == []
    # The current context may not be the one that is meant: the last line does not say to type it.
    assert "current one is kind-try" in done.stdout
    assert done.stdout.endswith("--apply --context CONTEXT (kubectl config get-contexts)\n")
    assert ("needs --registry" in done.stdout) == (overlay != "local")
    rendered = yaml.safe_load_all((REPOSITORY / f"var/deploy/{overlay}.yaml").read_text())
    listed = {
        (line.split()[0], name)
        for line in done.stdout.splitlines()
        if line.startswith("  ")
        for name in line.split()[1:]
    }
    for item in rendered:
        assert (item["kind"], item["metadata"]["name"]) in listed


@pytest.mark.parametrize(
    ("arguments", "needs"),
    [
        (("production", "--context", "kind-try"), False),
        (("production", *REGISTRY), False),
        (("gke", "--down"), False),
        (("gke", "--context", CONTEXTS[1]), True),
    ],
)
def test_a_registry_is_needed_where_images_are_pulled(cluster, arguments, needs):
    done = cluster.deploy(*arguments)
    assert done.returncode == 0, done.stderr
    assert ("needs --registry" in done.stdout) == needs
    if "--context" in arguments:
        assert done.stdout.endswith(f"--apply --context {arguments[-1]}\n")


def test_a_plan_names_what_only_you_can_make(cluster):
    plan = cluster.deploy("production", "--with", "grafana-database", "--with", "logs").stdout
    database = "grafana-database in weather-system, made by you (host, name, user, password, ca.crt"
    assert f"Needs      the Secret {database}" in plan
    assert "Secret elasticsearch in weather-logs, made by you (host, port, tls, user, pass" in plan
    assert "the CRD certificates.cert-manager.io (cert-manager)\n" in plan
    assert "externalsecrets.external-secrets.io (External Secrets)\n" in plan
    assert "made by you" not in cluster.deploy("local", "--with", "elasticsearch").stdout


def test_options_reach_the_manifests(cluster):
    done = cluster.deploy(
        *("gke", "--with", "edge-tls-gke", "--host", "weather.example.org"),
        *("--email", "me@example.org", "--registry", "ghcr.io/me/chaac", "--tag", "0.2.0"),
    )
    assert done.returncode == 0, done.stderr
    text = (REPOSITORY / "var/deploy/gke.yaml").read_text()
    assert "image: ghcr.io/me/chaac/server:0.2.0" in text
    assert "email: me@example.org" in text and "hostname: weather.example.org" in text
    assert "chaac.invalid" not in text


# A registry's tool where no registry is: what it says of an image depends on the image's name.
CRANE = """#!/bin/sh
[ "$1" = digest ] && [ -z "$CRANE_FAILS" ] || exit 1
echo "sha256:$(printf %s "$2" | sha256sum | cut -c -64)"
"""


def pin(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    crane = folder / "crane"
    crane.write_text(CRANE)
    crane.chmod(0o755)
    return subprocess.run(
        [REPOSITORY / "script/image", "--pin", *arguments],
        env=clean_environment() | {"PATH": f"{folder}:{os.environ['PATH']}"} | environment,
        capture_output=True,
        text=True,
    )


def test_a_release_pins_by_digest(cluster, folder):
    """script/image --pin asks for every image; script/deploy then names none by its tag."""
    digests = folder / "digests.txt"
    registry = "ghcr.io/me/chaac"
    done = pin(folder, "--registry", registry, "--tag", "0.2.0", "--digests", str(digests))
    assert done.returncode == 0, done.stdout + done.stderr
    options = ("--registry", registry, "--tag", "0.2.0", "--digests", digests)
    for overlay, *further in [*((o,) for o in OVERLAYS), ("local", "elasticsearch")]:
        done = cluster.deploy(overlay, *options, *[w for c in further for w in ("--with", c)])
        assert done.returncode == 0 and "has no digest" not in done.stderr, done.stderr
        text = (REPOSITORY / f"var/deploy/{overlay}.yaml").read_text()
        images = set(re.findall(r"^ *(?:- )?image: (.*)$", text, re.MULTILINE))
        assert f"{registry}/server" in {image.split("@")[0] for image in images}
        for image in images:
            assert re.fullmatch(r"[^:@ ]+@sha256:[0-9a-f]{64}", image), image


def test_an_image_without_a_digest_is_told(cluster, folder):
    digests = folder / "digests.txt"
    assert pin(folder, "--digests", str(digests)).returncode == 0
    done = cluster.deploy("ingress", "--digests", digests)
    assert done.returncode == 0
    assert "has no digest of: chaac/server:0.1.0." in done.stderr
    assert "valkey/valkey@sha256:" in done.stdout


def test_digests_are_all_or_nothing(folder):
    done = pin(folder, "--digests", str(folder / "digests.txt"), CRANE_FAILS="1")
    assert done.returncode == 1 and "its registry tells no digest" in done.stderr
    assert not (folder / "digests.txt").exists()


@pytest.mark.parametrize(
    ("overlay", "finds"),
    [
        (("local",), "- name: CHAAC_RUNBOOKS_URL\n          value: {}\n"),
        (("ingress", "--with", "prometheus-operator"), "runbook_url: '{}/ChaacStoreDown.md'\n"),
    ],
)
def test_alerts_lead_to_the_runbooks(cluster, overlay, finds):
    url = "https://wiki.example.org/chaac"
    text = REPOSITORY / f"var/deploy/{overlay[0]}.yaml"
    for done in (
        cluster.deploy(*overlay, "--runbooks-url", f"{url}/"),
        cluster.deploy(*overlay, CHAAC_RUNBOOKS_URL=url),
    ):
        assert done.returncode == 0, done.stderr
        assert f"Runbooks   {url}\n" in done.stdout
        assert finds.format(url) in text.read_text()


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("https://github.com/me/chaac.git", "https://github.com/me/chaac/blob/HEAD/docs/runbooks"),
        ("https://me:secret@gitlab.com/a/b/c", "https://gitlab.com/a/b/c/blob/HEAD/docs/runbooks"),
        ("git@github.com:me/chaac.git", "https://github.com/me/chaac/blob/HEAD/docs/runbooks"),
        ("ssh://git@gitlab.com/a/b", "https://gitlab.com/a/b/blob/HEAD/docs/runbooks"),
        ("https://git.example.org/a/b", "docs/runbooks, which is no address"),
        ("/srv/git/chaac.git", "docs/runbooks, which is no address"),
    ],
)
def test_the_origin_tells_where_the_runbooks_are(cluster, origin, says):
    setting = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "remote.origin.url"}
    done = cluster.deploy("local", **setting, GIT_CONFIG_VALUE_0=origin)
    assert done.returncode == 0, done.stderr
    assert f"Runbooks   {says}" in done.stdout
    assert "secret@" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ([], 2, "which overlay? One of: gke"),
        (["cloud"], 2, 'no overlay "cloud"'),
        (["gke", "local"], 2, "one overlay at a time"),
        (["gke", "--with", "magic"], 2, 'no component "magic"'),
        (["gke", "--tag", "latest"], 2, "not latest"),
        (["gke", "--tag"], 2, "--tag needs a value"),
        (["gke", "--registry", "https://ghcr.io/me"], 2, "without a scheme"),
        (["gke", "--host", "Weather"], 2, "a DNS name"),
        (["gke", "--email", "me"], 2, "an address"),
        (["gke", "--runbooks-url", "docs/runbooks"], 2, "begins with https:// or http://"),
        (["gke", "--timeout-s", "soon"], 2, "seconds"),
        (["gke", "--digests", "/nowhere"], 2, "/nowhere is not there"),
        (["gke", "--digests", "README.md"], 2, 'not "NAME:TAG sha256'),
        (["gke", "--delete-data"], 2, "goes with --down"),
        (["gke", "--slack-webhook-file", "/nowhere"], 2, "/nowhere is empty or not there"),
        (["gke", "--force"], 2, '"--force" is not a flag'),
        (["gke", "--force=1"], 2, '"--force=1" is not a flag'),
        (["gke", "--registry=foo"], 2, "a value stands after a space: --registry foo."),
        (["gke", "--with", "edge-tls"], 2, "on gke: --with edge-tls-gke."),
        (
            ["gke", "--with", "edge-tls-gke", "--with", "grafana-route"],
            2,
            "--with grafana-route-gke",
        ),
        (["gke", "--with", "grafana-route-gke"], 2, "or --with edge-tls-gke before it"),
        (["gke", "--with", "gke"], 2, "gke already has gke"),
        (["gke", "--with", "locust"], 2, "gke already has locust"),
        (["gke", "--with", "redis-exporter"], 2, "gke already has redis-exporter"),
        (["ingress", "--with", "logs", "--with", "logs"], 2, "ingress already has logs"),
        (["local", "--with", "logs", "--with", "elasticsearch"], 2, "brings logs, which is there"),
        (["local", "--with", "gke"], 2, "the component gateway brings, and local lacks it"),
        (["ingress", "--with", "edge-tls"], 2, "or --with gateway before it"),
        (["production", "--with", "edge-tls-gke"], 2, "--with gke alone makes it Google's"),
        (
            ["local", "--with", "gateway", "--with", "edge-tls-gke"],
            2,
            "is for GKE: here --with edge",
        ),
        (["gke", "--apply", "--context", CONTEXTS[1]], 2, "--apply needs --registry"),
        (["ingress", "--apply", "--context", "elsewhere"], 2, "--apply needs --registry"),
        (["gke", "--apply"], 2, "--apply needs --context; the current one is kind-try"),
        (["gke", *REGISTRY, "--apply", "--context", "other"], 1, 'no context "other"'),
        (["gke", "--apply", "--context", "kind-try"], 1, "does not look like a cluster for"),
        (["local", "--apply", "--context", CONTEXTS[1]], 1, "does not look like a cluster for"),
        (["production", "--apply", "--context", "elsewhere"], 2, "name the host"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_done(cluster, arguments, status, says):
    done = cluster.deploy(*arguments)
    assert done.returncode == status, done.stdout + done.stderr
    assert says in done.stderr
    assert cluster.calls() == []


def test_everything_is_applied_in_order_and_tried(served):
    done = served.deploy("local", "--apply", "--context", "kind-try")
    assert done.returncode == 0, done.stdout + done.stderr
    namespace, passwords, grafana, rest, old_jobs, load = served.changes()
    tried = [("port-forward" in c["arguments"], "jobs" in c["arguments"]) for c in served.calls()]
    assert tried.index((True, False)) < tried.index((False, True)), "load begins before the trial"
    assert namespace.endswith("--selector app.kubernetes.io/component=namespace")
    assert passwords.endswith("-f -") and grafana.endswith("-f -")
    assert rest.endswith("--selector app.kubernetes.io/name!=locust")
    assert "delete jobs --selector app.kubernetes.io/name=locust" in old_jobs
    assert load.endswith("--selector app.kubernetes.io/name=locust")
    waited = [c["arguments"] for c in served.calls() if "rollout" in c["arguments"]]
    assert len(waited) == 5
    assert "it works" in done.stdout
    assert "port-forward svc/chaac 8081" in done.stdout and "svc/grafana 3000" in done.stdout
    assert "alerts reach nobody" in done.stderr


def test_passwords_are_random_and_in_no_argument(served):
    made = []
    for _ in range(2):
        done = served.deploy("local", "--apply", "--context", "kind-try")
        assert done.returncode == 0, done.stdout + done.stderr
    for call in served.calls():
        if call["stdin"]:
            made += json.loads(call["stdin"])["stringData"].values()
    assert len(made) == len(set(made)) == 16
    assert all(len(password) == 48 for password in made)
    spoken = json.dumps([call["arguments"] for call in served.calls()]) + done.stdout + done.stderr
    assert not any(password in spoken for password in made)


def test_passwords_that_are_there_stay(served):
    kept = ["loader", "chaac", "reader", "operator", "exporter", "replica"]
    served.answer(
        "secrets.json", json.dumps({"valkey-passwords": kept, "grafana-admin": ["password"]})
    )
    done = served.deploy("local", "--apply", "--context", "kind-try")
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = [json.loads(call["stdin"]) for call in served.calls() if call["stdin"]]
    assert list(made["stringData"]) == ["sentinel"]


@pytest.mark.parametrize(
    ("crd", "says"),
    [
        ("gateways.gateway.networking.k8s.io", "--gateway-api=standard"),
        ("gcphttpfilters.networking.gke.io", "too old for Cloud CDN"),
        ("healthcheckpolicies.networking.gke.io", "is it GKE"),
    ],
)
def test_what_the_cluster_lacks_is_named(cluster, crd, says):
    cluster.answer("absent.crds", crd)
    done = cluster.deploy("gke", *REGISTRY, "--apply", "--context", CONTEXTS[1])
    assert done.returncode == 1 and says in done.stderr
    assert cluster.changes() == []


def test_where_cert_manager_is_missing_the_guide_installs_it(cluster):
    cluster.answer("absent.crds", "certificates.cert-manager.io")
    name = ("--host", "weather.example.org", "--email", "me@example.org")
    where = (*REGISTRY, "--apply", "--context", CONTEXTS[1])
    done = cluster.deploy("gke", "--with", "edge-tls-gke", *name, *where)
    assert done.returncode == 1
    part = re.search(r'docs/deploy-gke\.md, "([^"]+)", installs it', done.stderr).group(1)
    assert f"**{part}.**" in (REPOSITORY / "docs/deploy-gke.md").read_text()


DATABASE_KEYS = ["host", "name", "user", "password", "ca.crt", "secret-key"]


@pytest.mark.parametrize("missing", [*DATABASE_KEYS, "all"])
def test_a_database_that_nobody_named_is_asked_for(cluster, missing):
    keys = [] if missing == "all" else [key for key in DATABASE_KEYS if key != missing]
    cluster.answer("secrets.json", json.dumps({"grafana-database": keys}))
    done = cluster.deploy(
        *("local", "--with", "grafana-database", "--apply", "--context", "kind-try")
    )
    wanted = DATABASE_KEYS[0] if missing == "all" else missing
    assert done.returncode == 1
    assert f"the Secret grafana-database lacks {wanted}:" in done.stderr
    (namespace,) = cluster.changes()
    assert namespace.endswith("--selector app.kubernetes.io/component=namespace")


def test_a_database_that_is_named_is_used(served):
    served.answer("secrets.json", json.dumps({"grafana-database": DATABASE_KEYS}))
    done = served.deploy(
        *("local", "--with", "grafana-database", "--apply", "--context", "kind-try")
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_grafanas_own_address_is_printed(cluster):
    cluster.answer("address", "192.0.2.7")
    route = ("--with", "edge-tls-gke", "--with", "grafana-route-gke")
    name = ("--host", "weather.example.org", "--email", "me@example.org")
    apply = ("--apply", "--context", CONTEXTS[1], "--timeout-s", "1")
    done = cluster.deploy("gke", *REGISTRY, *route, *name, *apply)
    assert "weather.example.org must lead to 192.0.2.7, and that of grafana.weather." in done.stdout
    text = (REPOSITORY / "var/deploy/gke.yaml").read_text()
    assert "hostname: grafana.weather.example.org" in text
    assert "value: https://grafana.weather.example.org/" in text and "chaac.invalid" not in text


@pytest.mark.parametrize(
    ("reason", "message", "says"),
    [
        (
            "Unschedulable",
            "0/3 nodes are available: 3 Insufficient cpu.",
            "finds no node with room",
        ),
        ("ImagePullBackOff", "not found", "is --registry or --tag wrong"),
        (
            "CreateContainerConfigError",
            'secret "valkey-passwords" not found',
            "most often a Secret",
        ),
        ("CrashLoopBackOff", "back-off", "ends at once"),
    ],
)
def test_what_keeps_pods_from_running_is_said(cluster, reason, message, says):
    cluster.answer("waiting", f"chaac-0\t{reason}\t{message}")
    done = cluster.deploy("local", "--apply", "--context", "kind-try")
    assert done.returncode == 1 and says in done.stderr, done.stderr
    assert "did not come up" in done.stderr


@pytest.mark.parametrize("message", ["", "<no value>"])
def test_a_secret_that_cannot_be_mounted_is_named(cluster, message):
    """The pod itself says nothing then: its event does."""
    said = 'MountVolume.SetUp failed for volume "admin" : secret "grafana-admin" not found'
    cluster.answer("waiting", f"grafana-0\tContainerCreating\t{message}")
    cluster.answer("events", said)
    done = cluster.deploy("local", "--apply", "--context", "kind-try")
    assert done.returncode == 1
    assert f"grafana-0 waits for something it mounts or reads, most often a Secret: {said}" in (
        done.stderr
    )


def test_a_failing_admission_webhook_is_named(cluster):
    cluster.answer("refuse", 'failed calling webhook "w": Post "https://w.svc": connection refused')
    done = cluster.deploy("local", "--apply", "--context", "kind-try")
    assert done.returncode == 1 and "an admission webhook fails" in done.stderr


def test_what_was_set_by_hand_is_named_and_can_be_overwritten(served):
    """kubectl's own words name a flag: script/deploy has it."""
    served.answer(
        "refuse",
        'error: Apply failed with 1 conflict: conflict with "kubectl-patch" using autoscaling/v2: '
        ".spec.metrics\nPlease review the fields above--they currently have other managers.\n"
        "* If you intend to manage all of these fields, please re-run the apply\n"
        "  command with the `--force-conflicts` flag.",
    )
    local = ("local", "--apply", "--context", "kind-try")
    done = served.deploy(*local)
    assert done.returncode == 1
    assert 'conflict with "kubectl-patch" using autoscaling/v2: .spec.metrics' in done.stderr
    assert "the same again with --force-conflicts" in done.stderr
    done = served.deploy(*local, "--force-conflicts")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_load_balancer_without_an_address_is_said(served):
    done = served.deploy("gke", *REGISTRY, "--apply", "--context", CONTEXTS[1], "--timeout-s", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gateway/weather has got no address" in done.stderr


def test_servers_that_are_not_ready_are_a_failure(cluster):
    cluster.answer("port", "1")
    done = cluster.deploy("local", "--apply", "--context", "kind-try", "--timeout-s", "1")
    assert done.returncode == 1 and "does not answer that they are ready" in done.stderr


def test_alerts_go_where_the_files_say(served, folder):
    (folder / "slack").write_text("https://hooks.example.org/x")
    done = served.deploy(
        *("local", "--apply", "--context", "kind-try", "--slack-webhook-file", folder / "slack")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (receivers,) = [
        json.loads(call["stdin"])
        for call in served.calls()
        if "alertmanager-receivers" in call["stdin"]
    ]
    given = base64.b64decode(receivers["data"]["slack-webhook-url"])
    assert (
        given == b"https://hooks.example.org/x" and receivers["data"]["pagerduty-routing-key"] == ""
    )


def test_down_keeps_the_data_unless_told(cluster):
    done = cluster.deploy("local", "--down")
    assert done.returncode == 0 and "would be removed" in done.stdout and not cluster.calls()
    done = cluster.deploy("local", "--down", "--apply", "--context", "kind-try")
    assert done.returncode == 0, done.stderr
    (removed,) = cluster.changes()
    assert "--selector app.kubernetes.io/component!=namespace" in removed
    assert "Volumes and passwords are still there" in done.stdout
    done = cluster.deploy("local", "--down", "--delete-data", "--apply", "--context", "kind-try")
    assert done.returncode == 0 and "component=namespace" in cluster.changes()[-1]


def test_down_is_said_when_the_pods_have_ended(cluster):
    """What removes a Deployment does not wait for its pods."""
    pods = [f"weather-system/chaac-{number}\n" for number in range(3)]
    another = "weather-system/elsewhere-0\n"  # Of something that was put beside it, and stays.
    cluster.answer("ending", "".join([*pods, another]))
    done = cluster.deploy("local", "--down", "--apply", "--context", "kind-try")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("waiting for the pods to end") < done.stdout.index(": down. Volumes")
    looks = [c["arguments"] for c in cluster.calls() if "pods" in c["arguments"]]
    assert len(looks) == len(pods) + 1, "asked until none was left"
    assert all("app.kubernetes.io/part-of=weather-system" in look for look in looks)


def test_pods_that_do_not_end_are_named(cluster):
    cluster.answer("ending", "weather-system/chaac-0\n" * 100)
    down = ("local", "--down", "--apply", "--context", "kind-try", "--timeout-s", "1")
    done = cluster.deploy(*down)
    assert done.returncode == 1 and ": down" not in done.stdout
    assert "after 1 s these pods have not ended: weather-system/chaac-0" in done.stderr


def test_whoever_cannot_be_asked_is_not_down(cluster):
    cluster.answer("deny", "pods")
    done = cluster.deploy("local", "--down", "--apply", "--context", "kind-try")
    assert done.returncode == 1 and ": down" not in done.stdout
    assert "the cluster does not say whether the pods have ended: no answer" in done.stderr


def test_help_teaches_without_anything_installed(cluster):
    done = subprocess.run(
        [SCRIPT, "--help"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert done.returncode == 0
    for overlay in OVERLAYS:
        assert f"\n  {overlay}  " in done.stdout
    assert (KUBERNETES / "overlays").is_dir()
