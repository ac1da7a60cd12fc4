"""Old builds of the kernel go, and nothing else does."""

import os
from pathlib import Path

from engine.commands.builds import UNUSED_S, prune_builds

NOW_S = 2_000_000_000.0


def folder(path: Path, age_s: float) -> Path:
    path.mkdir(parents=True)
    (path / "step.nbc").write_bytes(b"code")
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return path


def test_what_nobody_used_for_long_is_removed(tmp_path: Path) -> None:
    own = folder(tmp_path / ("0" * 16), 2 * UNUSED_S)
    old = folder(tmp_path / ("1" * 16), UNUSED_S + 1)
    young = folder(tmp_path / ("2" * 16), UNUSED_S - 1)
    other = folder(tmp_path / "notes", 2 * UNUSED_S)
    file = tmp_path / ("3" * 16)
    file.write_text("no folder")
    os.utime(file, (0, 0))
    assert prune_builds(own, NOW_S) == [old]
    assert [path.exists() for path in (own, old, young, other, file)] == [True, False, True, True, True]
    assert own.stat().st_mtime == NOW_S, "it counts as used now"
    assert prune_builds(own, NOW_S) == []


def test_without_a_folder_nothing_happens(tmp_path: Path) -> None:
    assert prune_builds(tmp_path / "absent" / ("0" * 16), NOW_S) == []
