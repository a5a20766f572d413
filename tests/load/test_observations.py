"""The observations become reports as documented, and the whole table adds up."""

from collections import Counter

import demo
import observations
import pytest

HEADER = (
    "origin,year,month,day,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,pressure,visib,"
    "time_hour\n"
)


@pytest.fixture(scope="module")
def table():
    return observations.read_table(observations.find_table())


def read(folder, *rows):
    """Reads a table of rows given as (origin, temp, humid, precip, visib, time_hour)."""
    path = folder / "weather.csv"
    lines = [
        f"{origin},2013,1,1,1,{temp},26.06,{humid},270,10.3,NA,{precip},1012,{visib},{time_hour}\n"
        for origin, temp, humid, precip, visib, time_hour in rows
    ]
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return observations.read_table(path)


def test_totals_of_the_whole_table(table):
    assert (table.rows, table.skipped, table.left_out) == (26_115, 1, 0)
    reports = [observation.report for observation in table.observations]
    assert Counter(report["municipality"] for report in reports) == {
        "mixco": 8_702,
        "guatemala": 8_706,
        "chinautla": 8_706,
    }
    assert Counter(report.get("weather") for report in reports) == {
        None: 24_096,
        "rainy": 1_748,
        "foggy": 270,
    }
    assert all("observed_at" not in report for report in reports)


def test_known_rows(table):
    first, last = table.observations[0], table.observations[-1]
    assert (first.at, first.airport) == ("2013-01-01T06:00:00Z", "EWR")
    assert first.report == {"municipality": "mixco", "temperature": 3.9, "humidity": 59.37}
    assert (last.at, last.airport) == ("2013-12-30T23:00:00Z", "LGA")
    assert last.report == {"municipality": "chinautla", "temperature": -1.7, "humidity": 46.41}


def test_order_is_by_time_then_airport_without_repeats(table):
    keys = [(observation.at, observation.airport) for observation in table.observations]
    assert keys == sorted(set(keys))


def test_values_are_within_what_the_server_takes(table):
    for observation in table.observations:
        assert -90 <= observation.report["temperature"] <= 60
        assert 0 <= observation.report["humidity"] <= 100


@pytest.mark.parametrize(
    ("fahrenheit", "celsius"), [("32", 0.0), ("39.02", 3.9), ("-9.94", -23.3), ("100", 37.78)]
)
def test_fahrenheit_becomes_celsius_rounded_to_hundredths(tmp_path, fahrenheit, celsius):
    table = read(tmp_path, ("JFK", fahrenheit, "50", "0", "10", "2013-01-01T06:00:00Z"))
    assert table.observations[0].report["temperature"] == celsius


@pytest.mark.parametrize(
    ("precipitation_in", "visibility_mi", "weather"),
    [
        ("0", "10", None),
        ("0.01", "10", "rainy"),
        ("0", "0.62", "foggy"),  # 998 m
        ("0", "0.75", None),  # 1,207 m
        ("0.01", "0.25", "rainy"),  # Rain lowers the visibility too.
        ("NA", "0", "foggy"),
        ("NA", "NA", None),
        ("0.01", "NA", "rainy"),
    ],
)
def test_condition_only_where_the_record_supports_it(
    tmp_path, precipitation_in, visibility_mi, weather
):
    table = read(tmp_path, ("LGA", "50", "50", precipitation_in, visibility_mi, "2013-01-01T06Z"))
    assert table.observations[0].report.get("weather") == weather


def test_missing_values_are_left_out_and_counted(tmp_path):
    table = read(
        tmp_path,
        ("LGA", "NA", "61.15", "0", "10", "2013-01-01T08:00:00Z"),
        ("JFK", "50", "NA", "0", "10", "2013-01-01T07:00:00Z"),
        ("EWR", "NA", "NA", "0.13", "7", "2013-01-01T06:00:00Z"),
    )
    assert [observation.report for observation in table.observations] == [
        {"municipality": "guatemala", "temperature": 10.0},
        {"municipality": "chinautla", "humidity": 61.15},
    ]
    assert (table.rows, table.skipped, table.left_out) == (3, 1, 2)


def test_the_demos_notice_says_which_airport_stands_for_which_municipality():
    names = {"EWR": "Newark", "JFK": "JFK", "LGA": "LaGuardia"}
    text = demo.NOTICE.split(":", 1)[1]  # Behind what it is not: Guatemala's weather.
    airports = sorted(observations.MUNICIPALITIES, key=lambda code: text.index(names[code]))
    places = [observations.MUNICIPALITIES[airport] for airport in airports]
    assert places == sorted(places, key=text.lower().index)
    assert "New York" in text
    assert "Nueva York" in text
    assert len(demo.NOTICE.encode()) <= 200  # What --notice takes.
