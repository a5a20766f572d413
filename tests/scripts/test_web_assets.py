"""script/lib/web_assets.py: which pages it takes, and that it always writes the same."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lib.processes import REPOSITORY

SCRIPT = REPOSITORY / "script/lib/web_assets.py"
PAGE = REPOSITORY / "tests/page"


def embed(folder: Path, target: Path, *names: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, SCRIPT, folder, target, *names],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def page(tmp_path) -> Path:
    return Path(shutil.copytree(PAGE, tmp_path / "page"))


def test_the_same_page_makes_the_same_source(page, tmp_path):
    first, second = tmp_path / "first.cc", tmp_path / "second.cc"
    assert embed(PAGE, first).returncode == 0
    for file in page.rglob("*"):
        file.touch()
    assert embed(page, second, "assets/of-no-matter.js").returncode == 0
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda page: (page / "index.html").unlink(), "it has no index.html"),
        (lambda page: (page / "docs.html").unlink(), "it has no docs.html"),
        (lambda page: (page / "favicon.svg").write_text(""), "favicon.svg is empty"),
        (lambda page: (page / "robots.txt").write_text("x"), "robots.txt is neither"),
        (lambda page: (page / "assets/main.js").write_text("x"), "assets/main.js is neither"),
        (lambda page: (page / "assets/a-12345678.exe").write_text("x"), "of no kind"),
        (shutil.rmtree, "it has no index.html, docs.html, favicon.svg"),
    ],
)
def test_a_page_that_cannot_be_served_is_refused(page, tmp_path, broken, reason):
    broken(page)
    result = embed(page, tmp_path / "page.cc")
    assert result.returncode == 1
    assert reason in result.stderr
    assert "script/build makes the page" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "page.cc").exists()
