"""The soak of chats on a small scale: connections cut, the engine killed, and no line lost nor doubled."""

from pathlib import Path

import pytest
import uvloop

from benchmarks.bench_chat import soak

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_small_soak_loses_and_doubles_nothing(tmp_path: Path) -> None:
    found = uvloop.run(soak(tmp_path, visitors=12, agents=3, seconds=6, cuts_per_s=10, kills=1))
    assert (found["lost"], found["doubled"]) == (0, 0), found
    assert found["said_by_visitors"] > 30
    assert found["said_by_agents"] > 20
    assert found["reconnects"] > 20
    told = found["conditions"]
    assert set(told) == {"reconnects_per_s", "lines_of_visitors_per_s", "lines_of_agents_per_s"}
    assert told["reconnects_per_s"]["asked"] == 10
    assert told["reconnects_per_s"]["reached"] == round(found["reconnects"] / 6, 1)
    assert found["conditions_held"] == min(one["share"] for one in told.values())
