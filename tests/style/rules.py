"""The rules of style as functions: each takes a repository's root and returns what breaks it there,
one sentence each. They read text only; no compiler is needed."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

LINES_MAX = 600

# A module may include itself and modules on lower layers, so modules cannot form a cycle.
LAYERS = {
    "base": 0,
    "report": 1,
    "store": 2,
    "ingest": 3,
    "query": 3,
    "http": 4,
    "grpc": 4,
    "app": 5,
}

# What is banned, why, and which files are free to use it.
_TESTS = r"_(test|fuzz|bench)\.cc$|/testing/"
BANNED_CALLS = (
    (r"\b(rand|srand|drand48)\s*\(", "not random enough, and not seeded by us", None),
    (r"\b(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok)\s*\(", "bounds nothing", None),
    (r"\bstd::w?regex\b", "slow, and recursive on its input", None),
    (r"\b(sleep|usleep|nanosleep|sleep_for|sleep_until)\s*\(", "waits without a loop", _TESTS),
    (
        r"\b\w*clock::now\s*\(|\b(gettimeofday|clock_gettime)\s*\(|(?<![\w.>])time\s*\(",
        "time is an argument below the loop",
        # A log line is stamped when it is written.
        rf"{_TESTS}|^src/base/(event_loop|log)\.cc$|^src/app/",
    ),
)

# Written in two parts, so that this file does not break its own rule.
_HOSTS = [
    ("deb.debian", "org"),
    ("security.debian", "org"),
    ("archive.ubuntu", "com"),
    ("security.ubuntu", "com"),
    ("ports.ubuntu", "com"),
    ("registry.npmjs", "org"),
    ("registry.yarnpkg", "com"),
    ("pypi", "org"),
    ("files.pythonhosted", "org"),
    ("crates", "io"),
    ("proxy.golang", "org"),
    ("rubygems", "org"),
    ("repo1.maven", "org"),
]
REGISTRY_HOSTS = tuple(".".join(parts) for parts in _HOSTS)
UNFINISHED = tuple("".join(parts) for parts in [("TO", "DO"), ("FIX", "ME"), ("XX", "X")])

_CODE_FOLDERS = ("src", "script", "tests", "load", "web")
_DATA = (".csv", ".json", ".txt", ".lock", ".svg", ".png")
_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def _files(root: Path) -> list[Path]:
    """All files that git would keep, relative to `root`; outside of git, all."""
    listing = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        paths = [root / name for name in listing.stdout.decode().split("\0") if name]
    else:
        paths = list(root.rglob("*"))
    return sorted(path.relative_to(root) for path in paths if path.is_file())


def _texts(root: Path) -> Iterator[tuple[Path, str]]:
    """Every text file with its contents."""
    for path in _files(root):
        data = (root / path).read_bytes()
        if b"\0" not in data:
            yield path, data.decode("utf-8", "replace")


def _sources(root: Path) -> Iterator[tuple[Path, str]]:
    """The C++ files under src/."""
    for path, text in _texts(root):
        if path.parts[0] == "src" and path.suffix in (".h", ".cc"):
            yield path, text


def _is_code(path: Path) -> bool:
    return (
        path.parts[0] in _CODE_FOLDERS
        and "corpus" not in path.parts
        and path.suffix not in _DATA
        and not path.name.startswith(".")
    )


def _without_comments_and_strings(text: str) -> str:
    """C++ text with comments and literals blanked; line numbers stay."""
    pattern = re.compile(
        r'R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
        re.DOTALL,
    )
    return pattern.sub(lambda match: "\n" * match[0].count("\n") or " ", text)


def include_direction(root: Path) -> list[str]:
    """Modules include only themselves and lower layers."""
    found = []
    for path, text in _sources(root):
        if len(path.parts) < 3:
            continue
        module = path.parts[1]
        if module not in LAYERS:
            found.append(f"{path}: the module {module} has no layer in tests/style/rules.py")
            continue
        for included in _INCLUDE.findall(text):
            target = included.split("/")[0]
            if "/" not in included:
                found.append(f'{path}: include "{included}" by its path from src/')
            elif target in LAYERS and target != module and LAYERS[target] >= LAYERS[module]:
                found.append(f"{path}: {module} must not include {included}")
    return found


def include_cycles(root: Path) -> list[str]:
    """No file includes itself through others."""
    graph = {
        path.relative_to("src").as_posix(): _INCLUDE.findall(text) for path, text in _sources(root)
    }
    found = []
    done: set[str] = set()

    def visit(name: str, above: list[str]):
        if name in above:
            found.append("a cycle: " + " > ".join([*above[above.index(name) :], name]))
        elif name in graph and name not in done:
            for included in graph[name]:
                visit(included, [*above, name])
            done.add(name)

    for name in graph:
        visit(name, [])
    return found


def file_length(root: Path) -> list[str]:
    """No file of code is longer than LINES_MAX lines."""
    return [
        f"{path}: {len(text.splitlines())} lines, allowed are {LINES_MAX}"
        for path, text in _texts(root)
        if _is_code(path) and len(text.splitlines()) > LINES_MAX
    ]


def banned_calls(root: Path) -> list[str]:
    """No call that this code does without."""
    found = []
    for path, text in _sources(root):
        lines = _without_comments_and_strings(text).split("\n")
        for pattern, reason, free in BANNED_CALLS:
            if free and re.search(free, path.as_posix()):
                continue
            found += [
                f"{path}:{number}: {match[0].strip()} is banned: {reason}"
                for number, line in enumerate(lines, 1)
                if (match := re.search(pattern, line))
            ]
    return found


def pragma_once(root: Path) -> list[str]:
    """Every header is guarded, in one way."""
    return [
        f"{path}: no #pragma once"
        for path, text in _sources(root)
        if path.suffix == ".h" and not re.search(r"^#pragma once$", text, re.MULTILINE)
    ]


def opening_comment(root: Path) -> list[str]:
    """Every source opens with what it is."""
    openings = {
        ".h": "//",
        ".cc": "//",
        ".ts": "//",
        ".lua": "--",
        ".py": ('"""', "#"),
        ".sh": "#",
        "": "#",
        ".cmake": "#",
    }
    found = []
    for path, text in _texts(root):
        if not text or not (_is_code(path) or path.parts[0] == "cmake"):
            continue
        opening = openings.get(path.suffix)
        lines = text.split("\n")
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if opening and not first.startswith(opening):
            found.append(f"{path}: opens with {first[:60]!r} and not with what it is")
    return found


def _mentions(root: Path, words: tuple[str, ...], reason: str) -> list[str]:
    pattern = re.compile("|".join(rf"(?<![\w.-]){re.escape(word)}(?![\w-])" for word in words))
    return [
        f"{path}:{number}: {match[0]}: {reason}"
        for path, text in _texts(root)
        for number, line in enumerate(text.split("\n"), 1)
        if (match := pattern.search(line))
    ]


def registry_hosts(root: Path) -> list[str]:
    """The repository names no package registry's host: the machine's own configuration does."""
    return _mentions(root, REGISTRY_HOSTS, "take the host from the machine's configuration")


def unfinished(root: Path) -> list[str]:
    """Nothing is left to be done in a comment: an issue is the place for that."""
    return _mentions(root, UNFINISHED, "write an issue instead")


RULES = (
    include_direction,
    include_cycles,
    file_length,
    banned_calls,
    pragma_once,
    opening_comment,
    registry_hosts,
    unfinished,
)
