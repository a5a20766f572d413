"""The programs the tests of deploy/ need, and what they make: rendered overlays, decoded
objects."""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml
from lib.processes import REPOSITORY

KUBERNETES = REPOSITORY / "deploy/kubernetes"
OVERLAYS = tuple(sorted(path.name for path in (KUBERNETES / "overlays").iterdir()))
COMPONENTS = tuple(sorted(path.name for path in (KUBERNETES / "components").iterdir()))
GO_VERSION_MIN = (1, 21)  # From here on, Go fetches by itself the toolchain that go.mod asks for.


def kubectl() -> str:
    """The one that script/bootstrap --for deploy has installed."""
    path = REPOSITORY / "var/tools/kubectl"
    assert path.exists(), f"{path} is missing: run script/bootstrap --for deploy"
    return str(path)


def find_go() -> str:
    for go in [shutil.which("go"), *map(str, sorted(Path("/usr/lib").glob("go-*/bin/go")))]:
        if go is None:
            continue
        said = subprocess.run([go, "version"], capture_output=True, text=True).stdout
        found = re.search(r"go(\d+)\.(\d+)", said)
        if found and tuple(map(int, found.groups())) >= GO_VERSION_MIN:
            return go
    raise AssertionError("no Go of at least 1.21: run script/bootstrap --for deploy")


@functools.cache
def strict_binary() -> Path:
    binary = REPOSITORY / "var/tools/strict"
    binary.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [find_go(), "build", "-o", binary, "."],
        cwd=REPOSITORY / "tests/deploy/strict",
        env=os.environ | {"GOTOOLCHAIN": "auto", "CGO_ENABLED": "0"},
        check=True,
    )
    return binary


def strict(text: str) -> subprocess.CompletedProcess:
    return subprocess.run([strict_binary()], input=text, capture_output=True, text=True)


def kustomize(folder: Path) -> str:
    """What the kustomization in `folder` renders to; warnings are errors."""
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


@functools.cache
def rendered(overlay: str, *with_components: str) -> str:
    """An overlay of the repository, with further components as script/deploy --with adds them."""
    if not with_components:
        return kustomize(KUBERNETES / "overlays" / overlay)
    with tempfile.TemporaryDirectory(dir=REPOSITORY / "var") as folder:
        lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:"]
        lines += [f"  - ../../deploy/kubernetes/overlays/{overlay}", "components:"]
        lines += [
            f"  - ../../deploy/kubernetes/components/{name}"
            for name in (*with_components, "labels")
        ]
        Path(folder, "kustomization.yaml").write_text("\n".join(lines) + "\n")
        return kustomize(Path(folder))


def objects_in(text: str) -> list[dict]:
    return [document for document in yaml.safe_load_all(text) if document]


def objects(overlay: str, *with_components: str) -> list[dict]:
    """Freshly parsed, so that a test may change them."""
    return objects_in(rendered(overlay, *with_components))
