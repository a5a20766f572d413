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
        pairs = (("<this repository>", "<este repositorio>"), ("cloudy", "nublado"))
        text = "\n".join(lines)
        for english, spanish in pairs:
            text = text.replace(english, spanish)
        return text.split("\n")

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


def test_the_cost_note_says_what_the_pods_ask_for():
    def cpu(load: bool) -> float:
        total = 0.0
        for item in objects("gke"):
            spec = item.get("spec", {})
            template = spec.get("template") if isinstance(spec, dict) else None
            if not template or (item["kind"] == "Job" and not load):
                continue
            count = 2 if item["metadata"]["name"] == "chaac" else spec.get("replicas", 1)
            count = spec.get("parallelism", count)
            for container in template["spec"]["containers"]:
                request = container["resources"]["requests"]["cpu"]
                total += count * (
                    float(request[:-1]) / 1000 if request.endswith("m") else float(request)
                )
        return round(total, 1)

    assert f"{cpu(True)} vCPU" in ENGLISH and f"{cpu(False)} vCPU" in ENGLISH
    assert f"{cpu(True)} vCPU" in SPANISH and f"{cpu(False)} vCPU" in SPANISH
