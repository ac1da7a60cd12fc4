"""Which time zone somebody may have meant: by the city or country that they named, or by a slip of the pen.

A zone is called after one city of it, so that of another city is not found by letters: Hanoi is none, and the nearest
name is that of Shanghai, an hour off. Nothing is guessed where neither tells it.
"""

import difflib
from collections import defaultdict
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import available_timezones

SLIP: Final = 0.85
"""How alike two names are, of 1, that differ by a slip of the pen."""
CITIES: Final = {
    "Asia/Ho_Chi_Minh": "hanoi danang haiphong hue cantho",
    "Asia/Shanghai": "beijing peking guangzhou shenzhen tianjin chengdu wuhan",
    "Asia/Kolkata": "delhi newdelhi mumbai bombay bangalore bengaluru chennai madras hyderabad pune",
    "Asia/Tokyo": "osaka kyoto nagoya yokohama",
    "Asia/Seoul": "busan incheon",
    "Asia/Karachi": "islamabad lahore",
    "Asia/Jakarta": "bandung surabaya medan",
    "Asia/Manila": "cebu davao quezoncity",
    "Asia/Bangkok": "chiangmai phuket",
    "Asia/Yangon": "mandalay naypyidaw",
    "Asia/Dubai": "abudhabi sharjah",
    "Asia/Riyadh": "jeddah mecca medina",
    "Asia/Jerusalem": "haifa",
    "Europe/Istanbul": "ankara izmir",
    "Europe/Moscow": "petersburg saintpetersburg",
    "Europe/Berlin": "munich hamburg frankfurt cologne stuttgart bonn",
    "Europe/Paris": "lyon marseille toulouse nice",
    "Europe/London": "manchester birmingham edinburgh glasgow cardiff leeds",
    "Europe/Madrid": "barcelona valencia seville",
    "Europe/Rome": "milan naples turin",
    "Europe/Zurich": "geneva bern basel",
    "Europe/Warsaw": "krakow wroclaw gdansk",
    "Europe/Amsterdam": "rotterdam thehague eindhoven",
    "Europe/Brussels": "antwerp ghent",
    "Europe/Lisbon": "porto",
    "Africa/Johannesburg": "capetown pretoria durban",
    "Africa/Lagos": "abuja",
    "Africa/Cairo": "alexandria giza",
    "Africa/Casablanca": "rabat marrakesh marrakech",
    "America/New_York": "washington boston philadelphia miami atlanta",
    "America/Chicago": "houston dallas austin minneapolis",
    "America/Los_Angeles": "sanfrancisco seattle sandiego portland lasvegas",
    "America/Toronto": "ottawa montreal quebec",
    "America/Sao_Paulo": "brasilia riodejaneiro rio",
    "America/Mexico_City": "guadalajara puebla",
    "America/Bogota": "medellin cali",
    "Australia/Sydney": "canberra",
    "Pacific/Auckland": "wellington christchurch",
}
"""Great cities after which no zone is called, by the zone that they are in."""


def meant(name: str) -> str:
    """Return the end of a sentence that helps: the zone of that city or country, or how zones are called."""
    found = _by_place().get(_folded(name.rpartition("/")[2])) or _slip(name)
    return f"; did you mean '{found}'?" if found else "; zones are named after one city of each, as Asia/Ho_Chi_Minh"


def _slip(name: str) -> str:
    zones = {zone.casefold(): zone for zone in _zones()}
    close = difflib.get_close_matches(name.casefold(), zones, n=1, cutoff=SLIP)
    return zones[close[0]] if close else ""


@cache
def _by_place() -> dict[str, str]:
    """Return zones by city, and by country where it has one zone alone."""
    zones_of: dict[str, list[str]] = defaultdict(list)
    for code, _, zone, *_ in _table("zone.tab"):
        zones_of[code].append(zone)
    found = {_folded(country): zones_of[code][0] for code, country in _table("iso3166.tab") if len(zones_of[code]) == 1}
    found |= {"china": "Asia/Shanghai", "germany": "Europe/Berlin"}  # their other zones are of few
    for zone in _zones():
        found.setdefault(_folded(zone.rpartition("/")[2]), zone)
    return found | {city: zone for zone, cities in CITIES.items() for city in cities.split()}


def _zones() -> list[str]:
    """Return those that are called after a place: `Etc/GMT+7` is seven hours behind what is written so elsewhere."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))


def _table(name: str) -> list[list[str]]:
    text = (resources.files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def _folded(place: str) -> str:
    return "".join(letter for letter in place.casefold() if letter.isalnum())
