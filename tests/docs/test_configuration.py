"""The pages of the configuration file have every key of every section, with its default, its bounds and its words."""

import re
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from adapters.http.settings import DeskLimits
from adapters.http.settings import Settings as HttpSettings
from adapters.mqtt.settings import Settings as MqttSettings
from adapters.mqtt.settings import Tls
from adapters.sip.settings import Callbacks, Outbound, SipTls, Trunk
from adapters.sip.settings import Settings as SipSettings
from adapters.webchat.settings import Files, FormField, Inbox
from adapters.webchat.settings import Settings as WebChatSettings
from engine.config.agents import AgentEntry, Phone
from engine.config.hours import Hours
from engine.config.load import load_config
from engine.config.plans import Plan
from engine.config.queues import STEP_NUMBERS, STRATEGY_NUMBERS, Queue, ServiceLevel, Step
from engine.config.sections import (
    Channel,
    Config,
    Limits,
    Numbers,
    QualityFieldEntry,
    Service,
    Site,
    Token,
    TrunkGroup,
    WrapUpCodeEntry,
)
from engine.kernel.tables import Tables, new_tables
from engine.live.room import room_for
from engine.messages.kinds import CHANNELS
from engine.model.durations import parse_duration
from engine.model.fields import Duration, Whole, Word
from engine.model.tls import ServerTls

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("CONFIGURATION.md", "CONFIGURATION-QUEUES.md", "CONFIGURATION-ADAPTERS.md")
PAGE: Final = "\n".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in PAGES)
SECTIONS: Final[dict[str, type[BaseModel]]] = {
    "Sections": Config,
    "service": Service,
    "numbers": Numbers,
    "limits": Limits,
    "channels": Channel,
    "sites": Site,
    "trunk_groups": TrunkGroup,
    "opening_hours": Hours,
    "wrap_up_codes": WrapUpCodeEntry,
    "quality_fields": QualityFieldEntry,
    "queues": Queue,
    "service_level": ServiceLevel,
    "steps": Step,
    "agents": AgentEntry,
    "phone": Phone,
    "plans": Plan,
    "tokens": Token,
    "adapters sip": SipSettings,
    "trunks": Trunk,
    "outbound": Outbound,
    "callbacks": Callbacks,
    "adapters http": HttpSettings,
    "desk": DeskLimits,
    "adapters mqtt": MqttSettings,
    "adapters webchat": WebChatSettings,
    "inboxes": Inbox,
    "pre_chat": FormField,
    "files": Files,
    "tls": Tls,
    "tls of sip": SipTls,
    "tls of http": ServerTls,
}
LEFT_TO_WORDS: Final = {"ageing", "agents.wrap_up"}
"""Defaults that no value in a file stands for: the text says what holds."""


def part(heading: str) -> str:
    """What stands under a heading, which one of the pages has."""
    found = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{len(found)} headings {heading!r}"
    return str(found[0])


def rows(heading: str) -> dict[str, tuple[str, str]]:
    """Type and default of each key."""
    found = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| .+ \|$", part(heading), re.MULTILINE)
    assert len({key for key, _, _ in found}) == len(found)
    return {key: (kind, default.strip("`")) for key, kind, default in found}


def words(heading: str) -> set[str]:
    """First cells of the tables with two columns."""
    return set(re.findall(r"^\| `([\w-]+)` \| [^|]+ \|$", part(heading), re.MULTILINE))


def kind_of(info: FieldInfo) -> Any:
    """What checks the value of a key, None where it is of a plain type."""
    inner = [arguments for arguments in map(get_args, get_args(info.annotation)) if len(arguments) > 1]
    return info.metadata[0] if info.metadata else inner[0][1] if inner else None


def check_default(info: FieldInfo, kind: Any, told: str) -> None:
    """The default told is what holds when nothing is said."""
    if info.is_required():
        assert told == "required"
        return
    default = info.get_default(call_default_factory=True)
    if default in (None, "", [], {}) or isinstance(default, BaseModel):
        assert told == "—"
    elif isinstance(kind, Duration):
        assert parse_duration(told) == default
    elif isinstance(kind, Word):
        assert kind.numbers[told] == default
    elif isinstance(default, bool):
        assert told == str(default).lower()
    elif isinstance(default, list):
        assert told == f"[{', '.join(default)}]"
    else:
        assert told == str(default)


def check_bounds(kind: Any, told: str) -> None:
    """The bounds and the words told are those that are checked."""
    if isinstance(kind, Duration):
        low, high = told.split(",", maxsplit=1)[0].split(" to ")
        assert (parse_duration(low), parse_duration(high)) == (parse_duration(kind.low), parse_duration(kind.high))
        assert all(f"`{word}`" in told for word in kind.words)
    elif isinstance(kind, Whole) and "`" not in told and "^" not in told:
        assert told == f"{kind.low} to {kind.high}"
    elif isinstance(kind, Word) and "`" in told:
        assert re.findall(r"`([^`]+)`", told) == list(kind.numbers)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_told_as_it_is(heading: str) -> None:
    told = rows(heading)
    fields = {info.alias or name: info for name, info in SECTIONS[heading].model_fields.items()}
    assert list(told) == list(fields)
    for key, info in fields.items():
        kind = kind_of(info)
        check_bounds(kind, told[key][0])
        if key not in LEFT_TO_WORDS and f"{heading}.{key}" not in LEFT_TO_WORDS:
            check_default(info, kind, told[key][1])


def test_every_word_is_told() -> None:
    assert words("strategies") == set(STRATEGY_NUMBERS)
    assert words("steps") == set(STEP_NUMBERS)


@pytest.mark.parametrize("heading", [*SECTIONS, "strategies"])
def test_every_section_has_a_snippet(heading: str) -> None:
    assert "```yaml\n" in part(heading)


def test_the_memory_of_the_interval_table_is_told_as_it_is(tmp_path: Path) -> None:
    def tables_where(service: str) -> Tables:
        file = tmp_path / "centre.yaml"
        file.write_text(f"service: {{name: lotus{service}}}\nqueues: {{sales: {{}}}}\n")
        return new_tables(room_for(load_config(file, environment={}, adapters={})))

    told = re.search(
        r"× `queues` × (\d+) channels × (\d+) bytes, with\s+`queues` rounded up: (\d+) MB with the defaults, (\d+) MB",
        part("limits"),
    )
    assert told is not None
    channels, cell_bytes, usual_mb, minutes_mb = map(int, told.groups())
    usual, minutes = tables_where(""), tables_where(", interval: 1m")
    intervals = usual.intervals.nbytes
    assert channels == CHANNELS
    assert cell_bytes == intervals // (len(usual.interval_starts) * len(usual.queues) * CHANNELS)
    assert (usual_mb, minutes_mb) == (round(intervals / 1e6), round(minutes.intervals.nbytes / 1e6))
    assert intervals == max(getattr(usual, name).nbytes for name in Tables.__slots__), "the largest"
