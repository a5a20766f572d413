"""script/build on a project of one file: quiet when all is well, the compiler's words when not."""

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
