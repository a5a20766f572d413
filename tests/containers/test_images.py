"""The images hold what they need and nothing else, and run as somebody without rights."""

import gzip
import io
import json
import re
import subprocess
import tarfile

import pytest

from containers.docker import HARDENED, docker

SERVER_BYTES_MAX = 60_000_000  # Compressed.
ALLOWED = re.compile(
    r"usr/bin/chaac"
    r"|lib(64)?/([\w-]+/)?(lib[\w+.-]+\.so[\d.]*|ld-linux[\w.-]+)"
    r"|etc/(passwd|group|ssl/certs/ca-certificates\.crt)"
    r"|usr/share/doc/[\w+.-]+/(copyright|LICENSE|NOTICE)"
    r"|var/lib/dpkg/status\.d/[\w+.-]+"
    # What the engine puts into every container.
    r"|\.dockerenv|dev/console|etc/(hostname|hosts|resolv\.conf|mtab)"
)


@pytest.fixture(scope="module")
def members(server_image):
    """The server's root file system."""
    container = docker("create", server_image)
    try:
        command = ["docker", "export", container]
        archive = subprocess.run(command, capture_output=True, check=True).stdout
    finally:
        docker("rm", container)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.getmembers()


def config_of(image: str) -> dict:
    return json.loads(docker("inspect", image))[0]["Config"]


def test_the_server_image_holds_nothing_else(members):
    files = [member.name for member in members if not member.isdir()]
    assert "usr/bin/chaac" in files
    assert [name for name in files if not ALLOWED.fullmatch(name)] == []


def test_nothing_in_the_server_image_gives_rights(members):
    assert [member.name for member in members if member.mode & 0o6000] == []
    writable = [m.name for m in members if m.isfile() and m.mode & 0o022]
    assert [name for name in writable if not name.startswith((".dockerenv", "etc/", "dev/"))] == []


def test_every_library_tells_its_package_and_licence(members):
    """Scanners and SBOM tools find in a scratch image what its package database names."""
    names = {member.name for member in members}
    packages = {n.rsplit("/", 1)[1] for n in names if n.startswith("var/lib/dpkg/status.d/")}
    assert {"libc6", "libssl3", "libstdc++6", "ca-certificates"} <= packages
    assert [p for p in packages if f"usr/share/doc/{p}/copyright" not in names] == []


def test_the_server_image_has_no_shell(server_image):
    command = ["docker", "run", "--rm", "--entrypoint", "/bin/sh", server_image, "-c", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 127, done
    assert "no such file" in done.stderr


def test_the_server_image_is_small(server_image):
    saved = subprocess.run(["docker", "save", server_image], capture_output=True, check=True).stdout
    size = len(gzip.compress(saved, compresslevel=6))
    print(f"{size / 1e6:.1f} MB compressed")
    assert size < SERVER_BYTES_MAX


@pytest.mark.parametrize("name", ["server", "locust"])
def test_labels_and_user(request, name):
    config = config_of(request.getfixturevalue(f"{name}_image"))
    labels = config["Labels"]
    assert config["User"] == "65532:65532"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.version"] == "test"
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", labels["org.opencontainers.image.revision"])
    assert re.fullmatch(
        r"\d{4}(-\d\d){2}T(\d\d:){2}\d\dZ", labels["org.opencontainers.image.created"]
    )
    assert labels["org.opencontainers.image.base.name"]


def test_the_server_image_checks_its_health(server_image):
    assert config_of(server_image)["Healthcheck"]["Test"] == ["CMD", "/usr/bin/chaac", "health"]


def test_locust_loads_the_system(deployment, locust_image):
    """As the Job does: headless, read-only, counted. What it counted as accepted is in the store,
    and no more than what had no clear answer besides; on a whole system, everything has one."""
    deployment.wait_edge_ready()
    before = total(deployment)
    done = subprocess.run(
        [
            "docker", "run", "--rm", "--network", deployment.name, "--tmpfs", "/tmp", *HARDENED,
            locust_image, "SyntheticUser", "--headless", "--users", "10", "--spawn-rate", "10",
            "--run-time", "5s", "--host", "http://edge:8080", "--check-stats",
        ],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    printed = done.stdout + done.stderr
    accepted, unclear = counted(printed)
    gained = total(deployment) - before
    assert 0 < accepted <= gained <= accepted + unclear, printed
    # Who refused, and why: the edge tells which server it had asked.
    assert (unclear, done.returncode) == (0, 0), printed + deployment.edge.log()[-5000:]


def counted(printed: str) -> tuple[int, int]:
    """How many reports Locust counted as accepted, and how many it does not know about."""
    accepted = re.search(r"^total +(\d+) ", printed, re.MULTILINE)
    assert accepted, printed
    unclear = re.search(r"^(\d+) more had no clear answer", printed, re.MULTILINE)
    return int(accepted[1]), int(unclear[1]) if unclear else 0


def total(deployment) -> int:
    slugs = ("chinautla", "mixco", "guatemala", "amatitlan")
    return sum(deployment.stored(slug) for slug in slugs)
