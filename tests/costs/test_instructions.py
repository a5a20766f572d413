"""What script/costs makes of callgrind's counts."""

import json
from pathlib import Path

from costs import __main__ as costs
from costs import instructions

FIGURES = {"head": 1000, "decode": 2000, "batch": 3000}

ANNOTATION = """
Ir
--------------------------------------------------------------------------------
1,000 (100.0%)  PROGRAM TOTALS

Ir                  file:function
--------------------------------------------------------------------------------
500 (50.00%)  /src/http/head.cc:chaac::HeadScanner::Scan(char, chaac::HttpLimits const&) [/b/bench]
 200 (20.00%)  /usr/include/string_view:chaac::HeadScanner::Scan(char, chaac::HttpLimits const&)
 250 (25.00%)  ???:simdjson::westmere::stage1(unsigned char const*) [/usr/lib/libsimdjson.so.14]
  50 ( 5.00%)  ./string/../sysdeps/memchr-sse2.S:__memchr_sse2 [/usr/lib/libc.so.6]
"""


def measured(**counts: int) -> instructions.Measured:
    return instructions.Measured("gcc-12 x86_64", FIGURES | counts, {})


def test_a_tenth_either_way_is_let_pass():
    assert instructions.phases_off(FIGURES, FIGURES) == []
    assert instructions.phases_off(FIGURES | {"head": 1099, "decode": 1801}, FIGURES) == []


def test_more_is_off_and_so_is_less():
    off = instructions.phases_off(FIGURES | {"head": 1101, "batch": 2699}, FIGURES)
    assert off == ["head", "batch"]


def test_a_phase_without_a_figure_is_off():
    assert instructions.phases_off(FIGURES, {"head": 1000, "decode": 2000}) == ["batch"]


def test_functions_are_added_up_over_the_files_they_are_inlined_from():
    assert instructions.top_functions(ANNOTATION, 2) == [
        " 70.0%  chaac::HeadScanner::Scan(char, chaac::HttpLimits const&)",
        " 25.0%  simdjson::westmere::stage1(unsigned char const*)",
    ]


def test_the_verdict_tells_both_numbers_and_the_functions(monkeypatch, capsys):
    monkeypatch.setattr(instructions, "annotate", lambda profile: ANNOTATION)
    cost = measured(head=1200)
    cost.profiles["head"] = Path("unused")
    assert costs.verdict(cost, FIGURES) == 1
    said = capsys.readouterr().out
    assert "head takes 1,200 instructions a report, the figure is 1,000" in said
    assert "chaac::HeadScanner::Scan" in said
    assert "script/costs --update" in said


def test_within_the_tolerance_all_is_well(capsys):
    assert costs.verdict(measured(head=1050), FIGURES) == 0
    assert "within 10%" in capsys.readouterr().out


def test_without_figures_nothing_is_compared_and_said_so(capsys):
    assert costs.verdict(measured(), {}) == 0
    assert "NOT COMPARED" in capsys.readouterr().out.splitlines()[-1]


def test_an_update_leaves_other_compilers_figures(tmp_path):
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"gcc-14 aarch64": {"head": 7}, "gcc-12 x86_64": {"head": 1}}))
    instructions.update_figures(measured(), file)
    assert json.loads(file.read_text()) == {"gcc-14 aarch64": {"head": 7}, "gcc-12 x86_64": FIGURES}


def test_every_checked_in_figure_is_of_every_phase():
    figures = instructions.read_figures()
    assert figures
    for platform, phases in figures.items():
        assert set(phases) == set(instructions.PHASES), platform
        assert all(count > 0 for count in phases.values()), platform
