"""`replay --verify`: the log of a data folder, folded and decided again, from as far back as it reaches."""

from functools import partial
from pathlib import Path

from engine.log.reader import checksum_at, read_log, read_runs, verify_log
from engine.log.snapshot import SnapshotStore
from engine.messages.rows import ROW
from engine.replay.base import load_base, read_oldest_base
from engine.replay.recheck import Recheck, VerifyReport
from engine.replay.restore import SNAPSHOT_FOLDER, capacity_of_log, collector_paused, log_folder
from engine.state import EngineState


@collector_paused()
def verify(data: Path) -> VerifyReport:
    """Fold the log of the data folder, decide it again, and compare every row; nothing is changed.

    Where old segments were deleted it begins at the state that was written down then. Raises LogDamaged where a turn
    that must be there is not intact, LogError where there is no log, or no such state that this version can read.
    """
    folder = log_folder(data)
    # Reading alone ends at the first frame that is not intact; only recovery's walk tells a torn tail from damage.
    walked = verify_log(folder, witnesses=SnapshotStore(data / SNAPSHOT_FOLDER).witnesses())
    base = read_oldest_base(data, walked.first_seq, partial(checksum_at, folder))
    begin = EngineState(capacity_of_log(read_log(folder, dtype=ROW))) if base is None else load_base(base)
    check = Recheck(begin)
    for run in read_runs(folder, begin.seq + 1, walked.last_seq):
        if not check.add(run):
            break
    return check.report()
