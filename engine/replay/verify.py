"""`replay --verify`: the whole log of a data folder, folded and decided again."""

from pathlib import Path

from engine.errors import FirstPartDeleted
from engine.log.reader import read_log, read_runs, verify_log
from engine.log.snapshot import SnapshotStore
from engine.messages.rows import ROW
from engine.replay.recheck import Recheck, VerifyReport
from engine.replay.restore import SNAPSHOT_FOLDER, capacity_of_log, collector_paused, log_folder


@collector_paused()
def verify(data: Path) -> VerifyReport:
    """Fold the log of the data folder, decide it again, and compare every row; nothing is changed.

    Raises LogDamaged where a turn that must be there is not intact, LogError where there is no log, FirstPartDeleted
    where all is intact and does not begin at the first row.
    """
    folder = log_folder(data)
    # Reading alone ends at the first frame that is not intact; only recovery's walk tells a torn tail from damage.
    walked = verify_log(folder, witnesses=SnapshotStore(data / SNAPSHOT_FOLDER).witnesses())
    if walked.first_seq > 1:
        raise FirstPartDeleted(walked.first_seq)
    check = Recheck(capacity_of_log(read_log(folder, dtype=ROW)))
    for run in read_runs(folder, up_to_seq=walked.last_seq):
        if not check.add(run):
            break
    return check.report()
