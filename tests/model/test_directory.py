"""The directory: how much of what people read a reload has changed."""

import msgspec

from engine.model.directory import (
    AgentCard,
    Directory,
    Loading,
    QueueCard,
    SiteCard,
    TrunkGroupCard,
    decode_directory,
    decode_loading,
    encode_directory,
)
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


def test_trunk_groups_are_shown_likewise() -> None:
    directory = Directory(trunk_groups=Names(("main",)), trunk_group_cards=(TrunkGroupCard("City lines"),))
    assert decode_directory(encode_directory(directory)).trunk_groups_shown() == {"main": "City lines"}
    assert Directory(trunk_groups=Names(("main",))).trunk_groups_shown() == {}, "as a log of before tells it"


def test_what_was_loaded_is_recorded_beside_the_directory_and_may_be_missing() -> None:
    directory = Directory(service="one", sites=Names(("hanoi",)))
    payload = encode_directory(directory, Loading("ab12", 7))
    assert decode_directory(payload) == directory
    assert decode_loading(payload) == Loading("ab12", 7)
    assert decode_loading(encode_directory(directory)) == Loading()
    assert decode_loading(msgspec.msgpack.encode(directory)) == Loading(), "as a log of before tells it"
