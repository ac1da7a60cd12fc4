"""Which time zone somebody is taken to have meant: never one with another offset by letters alone."""

import pytest

from engine.model.time_zones import CITIES, meant


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("Asia/Hanoi", "Asia/Ho_Chi_Minh"),
        ("Vietnam", "Asia/Ho_Chi_Minh"),
        ("Asia/Ho Chi Minh", "Asia/Ho_Chi_Minh"),
        ("Asia/Ho_Chi_Min", "Asia/Ho_Chi_Minh"),
        ("Berlin", "Europe/Berlin"),
        ("Asia/Mumbai", "Asia/Kolkata"),
        ("France", "Europe/Paris"),
    ],
)
def test_a_zone_is_found_by_city_country_or_slip(said: str, zone: str) -> None:
    assert meant(said) == f"; did you mean '{zone}'?"


@pytest.mark.parametrize("said", ["Mars", "GMT+7", "UTC+7", "+07:00", "Asia/Hanover", "7", ""])
def test_nothing_is_guessed_where_nothing_tells_it(said: str) -> None:
    assert meant(said) == "; zones are named after one city of each, as Asia/Ho_Chi_Minh"


def test_no_zone_is_called_after_a_city_of_the_table() -> None:
    names = [city for cities in CITIES.values() for city in cities.split()]
    assert len(names) == len(set(names))
    for zone, cities in CITIES.items():
        assert all(meant(city) == f"; did you mean '{zone}'?" for city in cities.split())
