"""The state at which a log begins is read by every version since: by the tables' columns, and by steps for the rest."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import LogError
from engine.projections.quality.folding import folded
from engine.replay import base
from engine.replay.state_code import STATE_VERSION, version_of
from tests.replay import kept_states
from tests.replay.kept_states import told, unpacked, versions

LARGEST_BYTES = 64 * 1024
FILES = kept_states.files()
NEWEST = FILES[-1]


def is_part(known: Any, found: Any) -> bool:
    """Whether all that was told is told still: of later versions there may be more."""
    if isinstance(known, dict):
        return isinstance(found, dict) and all(name in found and is_part(known[name], found[name]) for name in known)
    if isinstance(known, list):
        return isinstance(found, list) and len(known) == len(found) and all(map(is_part, known, found))
    return bool(known == found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_a_version_kept_is_read_today(file: Path, tmp_path: Path) -> None:
    known = msgspec.json.decode(file.with_name(file.name.replace(".trk.xz", ".json")).read_bytes())
    found = told(unpacked(file, tmp_path))
    assert known["cases"][0]
    assert known["answers"]
    assert known["evaluations"]
    assert known["plans"]
    assert [name for name in known if not is_part(known[name], found.get(name))] == []
    assert file.stat().st_size <= LARGEST_BYTES


def test_there_is_one_of_each_version_and_a_step_from_each_to_the_next() -> None:
    states, qualities = zip(*map(versions, FILES), strict=True)
    assert set(states) == set(range(base.OLDEST, STATE_VERSION + 1)), "write it: python -m tests.replay.kept_states"
    assert set(qualities) == set(range(folded.OLDEST, folded.VERSION + 1)), (
        "write it: python -m tests.replay.kept_states"
    )
    assert set(base.UPGRADES) == set(range(base.OLDEST, STATE_VERSION))
    assert set(folded.UPGRADES) == set(range(folded.OLDEST, folded.VERSION))


def test_a_step_brings_quality_to_the_next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(unpacked(NEWEST, tmp_path))

    def without_answers(plain: dict[str, Any]) -> dict[str, Any]:
        return plain | {"surveys": plain["surveys"] | {"answers": []}}

    monkeypatch.setattr(folded, "UPGRADES", {folded.VERSION: without_answers})
    monkeypatch.setattr(folded, "VERSION", folded.VERSION + 1)
    (tmp_path / "again").mkdir()
    after = told(unpacked(NEWEST, tmp_path / "again"))
    assert before["answers"]
    assert after == before | {"answers": []}


def test_a_step_brings_what_stands_beside_the_tables_to_the_next_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(unpacked(NEWEST, tmp_path))

    def without_plans(parts: base.Parts) -> base.Parts:
        return {**parts, "plans": msgspec.msgpack.encode([[], {}])}

    monkeypatch.setattr(base, "UPGRADES", {STATE_VERSION: without_plans})
    monkeypatch.setattr(base, "STATE_VERSION", STATE_VERSION + 1)
    (tmp_path / "again").mkdir()
    after = told(unpacked(NEWEST, tmp_path / "again"))
    assert before["plans"]
    assert after == before | {"plans": [], "closed_doors": []}


@pytest.mark.parametrize("of", [base, folded])
def test_a_step_that_is_missing_or_fails_is_an_error_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: Any
) -> None:
    name = "STATE_VERSION" if of is base else "VERSION"
    version = getattr(of, name)
    monkeypatch.setattr(of, name, version + 1)
    with pytest.raises(LogError, match="whose parts this one cannot read: start the version that wrote it"):
        unpacked(NEWEST, tmp_path)
    monkeypatch.setattr(of, "UPGRADES", {version: lambda kept: kept["gone"]})
    (tmp_path / "again").mkdir()
    with pytest.raises(LogError, match=r"cannot read \(KeyError: 'gone'\): start the version that wrote it"):
        unpacked(NEWEST, tmp_path / "again")
    monkeypatch.setattr(of, name, version - 1)
    (tmp_path / "later").mkdir()
    with pytest.raises(LogError, match="start the version that wrote it"):
        unpacked(NEWEST, tmp_path / "later")


def test_a_code_says_which_version_it_is() -> None:
    assert version_of("0123456789abcdef-4") == 4
    assert version_of("0123456789abcdef") == 0
