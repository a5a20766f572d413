"""Weather reports as tests make them: random values, spelled in many ways. Everything follows from
the random generator that is passed in, so a seed gives the same reports again."""

import json
import random
from dataclasses import dataclass

MUNICIPALITIES = ("chinautla", "mixco", "guatemala", "amatitlan")
CONDITIONS = ("sunny", "cloudy", "rainy", "foggy", "stormy", "windy", "snowy")

# Other spellings of the same: the original's integers, cases and accents, Spanish synonyms.
_MUNICIPALITY_SPELLINGS = {
    "chinautla": ["chinautla", "Chinautla", "CHINAUTLA", 4],
    "mixco": ["mixco", "Mixco", 1],
    "amatitlan": ["amatitlan", "Amatitlán", "AMATITLÁN", "Amatitla\u0301n", 3],
}
_CONDITION_SPELLINGS = {
    "sunny": ["sunny", "Sunny", "soleado", 1],
    "cloudy": ["cloudy", "CLOUDY", "nublado", 2],
    "rainy": ["rainy", "lluvioso", 3],
    "foggy": ["foggy", "neblina", 4],
}


@dataclass(frozen=True)
class Report:
    """What a client means by one report, however it spells it. `id` is None without a client id."""

    municipality: str
    temperature: float | None = None
    humidity: float | None = None
    weather: str | None = None
    id: str | None = None

    @property
    def content(self) -> tuple:
        return (self.municipality, self.temperature, self.humidity, self.weather)


def random_report(rng: random.Random, municipalities=MUNICIPALITIES, id: str | None = None):
    """A report with at least one of its three values."""
    temperature = rng.choice([rng.randint(-90, 60), round(rng.uniform(15, 35), rng.randint(1, 4))])
    humidity = rng.choice([rng.randint(0, 100), round(rng.uniform(30, 90), 2)])
    kept = rng.choice(
        [(1, 1, 1)] * 6 + [(1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    )
    return Report(
        rng.choice(municipalities),
        temperature if kept[0] else None,
        humidity if kept[1] else None,
        rng.choice(CONDITIONS) if kept[2] else None,
        id,
    )


def _spell_number(rng: random.Random, value: float) -> str:
    plain = repr(value)
    return rng.choice(
        [plain] * 3
        + [f"{plain}e0", f"{plain}E+0"]
        + ([f"{plain}.0"] if "." not in plain else [f"{plain}0"])
    )


def _spell_string(rng: random.Random, text: str) -> str:
    return json.dumps(text, ensure_ascii=rng.random() < 0.5)


def spell(rng: random.Random, report: Report) -> bytes:
    """`report` as a JSON object without line breaks, in one of many spellings."""
    members = []
    for name, spellings in (
        ("municipality", _MUNICIPALITY_SPELLINGS),
        ("weather", _CONDITION_SPELLINGS),
    ):
        value = getattr(report, name)
        if value is not None:
            chosen = rng.choice(spellings.get(value, [value]))
            members.append(
                (name, _spell_string(rng, chosen) if isinstance(chosen, str) else str(chosen))
            )
    for name in ("temperature", "humidity"):
        if getattr(report, name) is not None:
            members.append((name, _spell_number(rng, getattr(report, name))))
    if report.id is not None:
        members.append(("id", _spell_string(rng, report.id)))
    if rng.random() < 0.2:
        members.append(
            (rng.choice(["station", "Note"]), rng.choice(['"ñ\\n"', "[1,{}]", "null", "-0.5"]))
        )
    rng.shuffle(members)
    space = rng.choice(["", "", " ", "  ", "\t"])
    text = f"{space},{space}".join(f'"{name}"{space}:{space}{value}' for name, value in members)
    return f"{{{space}{text}{space}}}".encode()


def spell_batch(rng: random.Random, reports: list[Report]) -> tuple[bytes, str]:
    """`reports` as the body and the content type of a batch: a JSON array or NDJSON."""
    rows = [spell(rng, report) for report in reports]
    if rng.random() < 0.5:
        separator = rng.choice([b",", b", ", b",\n", b"\r\n,"])
        return b"[" + separator.join(rows) + b"]", rng.choice(
            ["application/json", "application/json; charset=utf-8"]
        )
    end = rng.choice([b"\n", b"\r\n"])
    return end.join(rows) + rng.choice([b"", end]), "application/x-ndjson"
