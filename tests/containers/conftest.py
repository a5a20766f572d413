"""Fixtures of the tests in containers: an engine, the images, the system. Without an engine they
are skipped with the reason, and in CI they fail: a run that tested nothing must not look well.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from lib.engine import EngineError, engine
from lib.processes import REPOSITORY

from containers.deployment import LOCUST_IMAGE, SERVER_IMAGE, STAND_INS_IMAGE, Deployment
from containers.docker import docker

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session", autouse=True)
def docker_host():
    try:
        with engine() as host:
            if host:
                os.environ["DOCKER_HOST"] = host
            yield host
    except EngineError as error:
        if os.environ.get("CI"):
            pytest.fail(f"no container can be started here: {error}")
        pytest.skip(f"no container can be started here: {error}")


def build_image(name: str, tag: str):
    """With the shipped script, and on the base that it makes where no registry is reached."""
    script = [REPOSITORY / "script/image", name, "--local-base", "--tag", tag, "--quiet"]
    done = subprocess.run(script, stdout=sys.stderr, check=False)
    assert done.returncode == 0, f"script/image {name} failed"


@pytest.fixture(scope="session")
def server_image(docker_host):
    build_image(*SERVER_IMAGE.removeprefix("chaac/").split(":"))
    return SERVER_IMAGE


@pytest.fixture(scope="session")
def locust_image(docker_host):
    build_image(*LOCUST_IMAGE.removeprefix("chaac/").split(":"))
    return LOCUST_IMAGE


@pytest.fixture(scope="session")
def stand_ins_image(server_image):
    """On the base that the server's image was built on."""
    base = docker(
        "inspect",
        "--format",
        '{{index .Config.Labels "org.opencontainers.image.base.name"}}',
        server_image,
    )
    docker(
        "build", "--tag", STAND_INS_IMAGE, "--build-arg", f"BASE={base}", HERE / "stand_ins",
        timeout_s=600,
    )  # fmt: skip
    return STAND_INS_IMAGE


@pytest.fixture(scope="session")
def deployment(server_image, stand_ins_image):
    """One for all tests; each leaves it whole."""
    folder = Path(tempfile.mkdtemp(prefix="chaac-containers-"))
    system = Deployment(folder)
    yield system
    system.close()
    shutil.rmtree(folder, ignore_errors=True)
