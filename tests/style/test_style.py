"""Holds the repository to tests/style/rules.py, and shows for each rule that it catches what it
should and lets pass what it should."""

import pytest
from lib.processes import REPOSITORY

from style import rules

HEAD = "// A part.\n"
HEADER = HEAD + "#pragma once\n"


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_repository_keeps(rule):
    found = rule(REPOSITORY)
    assert not found, "\n".join(found)


BAD = {
    "upwards": ("include_direction", {"src/base/a.h": HEADER + '#include "report/b.h"\n'}),
    "sideways": ("include_direction", {"src/query/a.h": HEADER + '#include "ingest/b.h"\n'}),
    "to the top": ("include_direction", {"src/http/a.cc": HEAD + '#include "app/b.h"\n'}),
    "without path": ("include_direction", {"src/base/a.cc": HEAD + '#include "b.h"\n'}),
    "unknown module": ("include_direction", {"src/misc/a.cc": HEAD}),
    "two headers": (
        "include_cycles",
        {
            "src/base/a.h": HEADER + '#include "base/b.h"\n',
            "src/base/b.h": HEADER + '#include "base/a.h"\n',
        },
    ),
    "itself": ("include_cycles", {"src/base/a.h": HEADER + '#include "base/a.h"\n'}),
    "long source": ("file_length", {"src/base/a.cc": HEAD * 601}),
    "long script": ("file_length", {"script/a": "#!/bin/bash\n" * 601}),
    "long test": ("file_length", {"tests/e2e/test_a.py": "# A test.\n" * 601}),
    "rand": ("banned_calls", {"src/base/a.cc": HEAD + "int i = rand ();\n"}),
    "strcpy": ("banned_calls", {"src/base/a_test.cc": HEAD + "std::strcpy(a, b);\n"}),
    "sprintf": ("banned_calls", {"src/base/a.cc": HEAD + "sprintf(a, b);\n"}),
    "gets": ("banned_calls", {"src/base/a.cc": HEAD + "gets(a);\n"}),
    "regex": ("banned_calls", {"src/base/a.h": HEADER + "std::regex r;\n"}),
    "sleep": ("banned_calls", {"src/base/a.cc": HEAD + "std::this_thread::sleep_for(s);\n"}),
    "now": ("banned_calls", {"src/ingest/a.cc": HEAD + "auto t = Clock::now();\n" * 1
                             + "auto u = std::chrono::steady_clock::now();\n"}),
    "time": ("banned_calls", {"src/ingest/a.cc": HEAD + "auto t = std::time(nullptr);\n"}),
    "behind a string": ("banned_calls", {"src/base/a.cc": HEAD + 'f("//"); gets(a);\n'}),
    "no pragma": ("pragma_once", {"src/base/a.h": HEAD + "int i;\n"}),
    "pragma in a comment": ("pragma_once", {"src/base/a.h": "// #pragma once\n"}),
    "bare source": ("opening_comment", {"src/base/a.cc": "int i;\n"}),
    "bare Python": ("opening_comment", {"tests/lib/a.py": "import os\n"}),
    "bare script": ("opening_comment", {"script/a": "#!/bin/bash\nset -e\n"}),
    "bare Lua": ("opening_comment", {"src/store/a.lua": "#!lua name=a\nlocal x\n"}),
    "bare CMake": ("opening_comment", {"cmake/A.cmake": "include(B)\n"}),
    "registry": ("registry_hosts", {"docs/a.md": f"see https://{rules.REGISTRY_HOSTS[0]}/x\n"}),
    "another": ("registry_hosts", {"script/a": f"# {rules.REGISTRY_HOSTS[7]}\n"}),
    "left to do": ("unfinished", {"src/base/a.cc": f"// {rules.UNFINISHED[0]}(me): more\n"}),
}  # fmt: skip

GOOD = {
    "src/base/a.h": HEADER + "int i;\n",
    "src/base/a.cc": HEAD + '#include "base/a.h"\n// rand() is not called.\nf("gets(a)");\n',
    "src/base/event_loop.cc": HEAD + "now_ = std::chrono::steady_clock::now();\n",
    "src/base/a_test.cc": HEAD + "std::this_thread::sleep_for(s);\n",
    "src/http/a.cc": HEAD + '#include "query/b.h"\n#include "base/a.h"\nsnprintf(a, 1, "");\n',
    "src/query/b.h": HEADER + '#include "store/c.h"\nint uptime(int);\nint x = row.time();\n',
    "src/store/c.lua": "#!lua name=c\n-- A library.\n",
    "src/app/main.cc": HEAD + '#include "http/server.h"\nauto t = steady_clock::now();\n',
    "tests/corpus/long": "x\n" * 700,
    "data/a.csv": "x\n" * 700,
    "docs/a.md": "A file on debian.org, mastodon and todos.\n",
}


def write(root, files: dict[str, str]):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("sample", BAD)
def test_a_bad_sample_is_caught(tmp_path, sample):
    rule, files = BAD[sample]
    write(tmp_path, files)
    assert len(getattr(rules, rule)(tmp_path)) == 1


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_good_sample_passes(tmp_path, rule):
    write(tmp_path, GOOD)
    assert rule(tmp_path) == []


def test_every_rule_has_a_bad_sample():
    assert {rule.__name__ for rule in rules.RULES} == {rule for rule, _ in BAD.values()}
