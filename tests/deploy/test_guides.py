"""The guides: what they tell to type exists, and both languages tell the same."""

import re
import subprocess

import pytest
from lib.processes import REPOSITORY

from deploy.tools import COMPONENTS, OVERLAYS, objects

ENGLISH = (REPOSITORY / "docs/deploy-gke.md").read_text()
SPANISH = (REPOSITORY / "docs/deploy-gke.es.md").read_text()


def commands(text: str) -> list[str]:
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    return [re.sub(r"\s+# .*", "", line) for line in blocks.splitlines()]


def test_both_languages_type_the_same():
    def translated(lines: list[str]) -> list[str]:
        return [line.replace("cloudy", "nublado") for line in lines]

    assert translated(commands(ENGLISH)) == commands(SPANISH)
    assert ENGLISH.count("\n| ") == SPANISH.count("\n| ")


@pytest.mark.parametrize("text", [ENGLISH, SPANISH], ids=["en", "es"])
def test_every_flag_and_name_exists(text):
    said = subprocess.run(
        [REPOSITORY / "script/deploy", "--help"], capture_output=True, text=True
    ).stdout
    joined = "\n".join(commands(text)).replace("\\\n", " ")
    for line in re.findall(r"^script/deploy .*", joined, re.MULTILINE):
        words = line.split()
        assert words[1] in OVERLAYS
        for flag in [word for word in words if word.startswith("--")]:
            assert f"{flag} " in said, flag
        for flag, value in zip(words, words[1:], strict=False):
            assert flag != "--with" or value in COMPONENTS
    names = {(i["kind"].lower(), i["metadata"]["name"]) for i in objects("gke")}
    kinds = {"svc": "service", "job": "job", "statefulset": "statefulset"}
    kinds |= {"deployment": "deployment", "gateway": "gateway"}
    for kind, name in re.findall(r"\b(svc|job|statefulset|deployment)/([a-z-]+)", text):
        assert (kinds[kind], name) in names, (kind, name)


@pytest.mark.parametrize("text", [ENGLISH, SPANISH], ids=["en", "es"])
def test_what_the_original_authors_met_is_there(text):
    for symptom in ("Insufficient cpu", "Gateway", "failed calling webhook", "Grafana", "8089"):
        assert re.search(rf"^\| [^|]*{symptom}", text, re.MULTILINE), symptom


UNITS = {"m": 1 / 1000, "Mi": 1 / 1024, "Gi": 1}  # Of a CPU, and of a GiB.


def quantity(text: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text).groups()
    return float(number) * (UNITS[unit] if unit else 1)


def requested(what: str, load: bool) -> float:
    """What the pods of the overlay gke ask for, in CPUs or GiB."""
    total = 0.0
    for item in objects("gke"):
        spec = item.get("spec", {})
        template = spec.get("template") if isinstance(spec, dict) else None
        if not template or (item["kind"] == "Job" and not load):
            continue
        count = 2 if item["metadata"]["name"] == "chaac" else spec.get("replicas", 1)
        count = spec.get("parallelism", count)
        for container in template["spec"]["containers"]:
            total += count * quantity(container["resources"]["requests"][what])
    return total


@pytest.mark.parametrize("text", [ENGLISH, SPANISH], ids=["en", "es"])
@pytest.mark.parametrize("load", [True, False])
def test_the_cost_note_says_what_the_pods_ask_for(text, load):
    assert re.search(
        rf"{requested('cpu', load):.1f} vCPU\s+(and|y)\s+{requested('memory', load):.2f} GiB", text
    )


@pytest.mark.parametrize("text", [ENGLISH, SPANISH], ids=["en", "es"])
def test_what_is_typed_can_be_typed(text):
    """No placeholder that the shell takes for a redirection, and no version that moves."""
    typed = "\n".join(commands(text))
    assert not re.search(r"<[a-z]", typed)
    assert "latest" not in typed
    done = subprocess.run(["bash", "-n"], input=typed, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", [ENGLISH, SPANISH], ids=["en", "es"])
def test_cert_manager_is_the_version_that_the_manifests_are_decoded_with(text):
    modules = (REPOSITORY / "tests/deploy/strict/go.mod").read_text()
    version = re.search(r"cert-manager/cert-manager (v\S+)", modules).group(1)
    assert f"cert-manager/releases/download/{version}/cert-manager.yaml" in text
