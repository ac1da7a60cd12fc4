"""Hints: everybody who watches hears them at once, one who fails keeps them from nobody, and nobody keeps them."""

from collections import Counter

import pytest

from engine.live.hints import Hints
from engine.ports import Hint


def test_a_hint_is_with_every_watcher_when_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    counters: Counter[str] = Counter()
    hints, heard = Hints(counters), list[Hint]()

    def fail(_hint: Hint) -> None:
        raise RuntimeError("deaf")

    hints.watch(fail)
    end = hints.watch(heard.append)
    said = Hint("c", by="agent", agent="bob")
    hints.tell(said)
    end()
    end()
    hints.tell(said)
    assert heard == [said]
    assert counters == {"hints": 2, "watchers_failed": 2}
    assert "a watcher of hints failed" in caplog.text
