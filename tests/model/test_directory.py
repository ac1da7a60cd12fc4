"""The directory: how much of what people read a reload has changed."""

from engine.model.directory import AgentCard, Directory, QueueCard, SiteCard, decode_directory, encode_directory
from engine.model.names import Names


def test_a_reload_counts_what_it_changed_of_what_people_read() -> None:
    before = Directory(service="one", queue_cards=(QueueCard("Sales"), QueueCard("Help")))
    assert before.changes_since(before) == 0
    renamed = Directory(service="one", queue_cards=(QueueCard("Sales"), QueueCard("Support")))
    assert renamed.changes_since(before) == 1
    grown = Directory(service="two", queue_cards=renamed.queue_cards, agent_cards=(AgentCard("An"), AgentCard("Bình")))
    assert grown.changes_since(before) == 1 + 1 + 2


def test_sites_are_shown_by_what_the_configuration_calls_them() -> None:
    cards = (SiteCard("Hà Nội"), SiteCard())
    directory = Directory(sites=Names(("hanoi", "hue", "beyond")), site_cards=cards)
    assert decode_directory(encode_directory(directory)).sites_shown() == {"hanoi": "Hà Nội"}
    assert Directory(sites=Names(("hanoi",))).sites_shown() == {}, "as a log of before tells it"
