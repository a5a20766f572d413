"""The synthetic mix: 70 % chinautla, 10 % each mixco, guatemala and amatitlan; 15..35 °C; 30..90 %
humidity; four conditions. Bodies vary: values with and without fractions, the fields in any order,
white space of several kinds. Standard library only; no state of its own.
"""

import json

MUNICIPALITY_WEIGHTS = {"chinautla": 70, "mixco": 10, "guatemala": 10, "amatitlan": 10}
TEMPERATURE_CELSIUS = (15, 35)
HUMIDITY_PERCENT = (30, 90)
CONDITIONS = ("sunny", "cloudy", "rainy", "foggy")

FRACTION_DIGITS = (0, 0, 1, 2)  # Half of the values are integers.
LAYOUTS = (
    {"separators": (",", ":")},
    {"separators": (", ", ": ")},
    {"separators": (" ,\t", " : ")},
    {"indent": 2},
)


def random_report(rng):
    municipalities, weights = zip(*MUNICIPALITY_WEIGHTS.items(), strict=True)
    return {
        "municipality": rng.choices(municipalities, weights)[0],
        "temperature": _random_value(rng, *TEMPERATURE_CELSIUS),
        "humidity": _random_value(rng, *HUMIDITY_PERCENT),
        "weather": rng.choice(CONDITIONS),
    }


def random_body(rng, report):
    """The report as JSON in one of many equivalent spellings."""
    fields = list(report.items())
    rng.shuffle(fields)
    return json.dumps(dict(fields), **rng.choice(LAYOUTS)).encode()


def _random_value(rng, low, high):
    digits = rng.choice(FRACTION_DIGITS)
    return rng.randint(low, high) if digits == 0 else round(rng.uniform(low, high), digits)
