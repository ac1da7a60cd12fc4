"""Names as levels of topics, and topics as names."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.topics import BadTopic, Topics, escape

TOPICS = Topics("trunkline/v1", "main")


@given(st.text(min_size=1, max_size=128))
def test_every_name_is_one_level_and_comes_back(name: str) -> None:
    level = escape(name)
    assert unquote(level) == name
    assert not set(level) & set("/+#\x00")
    assert not level.startswith("$")


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("sales", "sales"),
        ("hỗ trợ", "hỗ trợ"),
        ("a/b+c#", "a%2Fb%2Bc%23"),
        ("$SYS", "%24SYS"),
        ("a$", "a$"),
        ("5%", "5%25"),
    ],
)
def test_names_stay_readable(name: str, level: str) -> None:
    assert escape(name) == level


def test_topics() -> None:
    assert TOPICS.status == "trunkline/v1/$status"
    assert Topics("trunkline/v1", "hanoi").status == "trunkline/v1/hanoi/$status"
    assert Topics("trunkline/v1", "hanoi", "my/status").status == "my/status"
    assert TOPICS.queue_state("sales") == "trunkline/v1/main/queue/sales/state"
    assert TOPICS.agent_state("an/1") == "trunkline/v1/main/agent/an%2F1/state"
    assert TOPICS.event("contact_left") == "trunkline/v1/main/event/contact_left"
    assert TOPICS.effect("c#1") == "trunkline/v1/main/contact/c%231/effect"
    assert TOPICS.states == tuple(f"trunkline/v1/main/{what}/+/state" for what in ("queue", "agent", "plan"))
    assert (TOPICS.results(""), TOPICS.results("p")) == (
        "trunkline/v1/main/in/results",
        "trunkline/v1/main/in/results/p",
    )
    assert Topics("t", "s", "up/hanoi").status == "up/hanoi"


def test_an_incoming_topic_names_its_source() -> None:
    assert TOPICS.source_of("trunkline/v1/main/in/events") == ""
    assert TOPICS.source_of("trunkline/v1/main/in/events/pbx-1.north") == "pbx-1.north"


@pytest.mark.parametrize("rest", ["/", "/a/b", "/a b", "/$x", "/" + "a" * 65, "/é"])
def test_other_incoming_topics_are_refused(rest: str) -> None:
    topic = "trunkline/v1/main/in/events" + rest
    assert TOPICS.is_incoming(topic)
    with pytest.raises(BadTopic, match="is not a topic for facts; publish to trunkline/v1/main/in/events"):
        TOPICS.source_of(topic)


@pytest.mark.parametrize("topic", ["pbx/answers", "trunkline/v1/main/in/results/p", "trunkline/v2", "trunkline/v1x/y"])
def test_response_topics_that_are_free(topic: str) -> None:
    TOPICS.require_response(topic)


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("", "empty"),
        ("$SYS/x", "begins with"),
        ("a/+", "wildcards"),
        ("a/#", "wildcards"),
        ("a" * 513, "512 bytes"),
        ("trunkline/v1/main/in/events", "engine's own"),
        ("trunkline/v1/other/in/events", "engine's own"),
        ("trunkline/v1/$status", "engine's own"),
        ("trunkline/v1/main/queue/sales/state", "engine's own"),
    ],
)
def test_response_topics_that_are_not(topic: str, said: str) -> None:
    with pytest.raises(BadTopic, match=said):
        TOPICS.require_response(topic)
