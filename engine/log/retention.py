"""Delete old segments when asked to, leaving a note that their absence is intended. Nothing calls this by itself."""

from pathlib import Path

from engine.errors import LogDamaged
from engine.log.file_ops import FileOps
from engine.log.segment import segment_first_seq, segment_paths

FLOOR_NAME = "floor"
FIRST_SEQ = 1


def read_floor(ops: FileOps, folder: Path) -> int:
    """The sequence at which the log may begin: 1, or where retention last cut it; raises LogDamaged."""
    if FLOOR_NAME not in ops.list_names(folder):
        return FIRST_SEQ
    text = bytes(ops.map(folder / FLOOR_NAME)).strip()
    if not text.isdigit():
        raise LogDamaged(folder / FLOOR_NAME, 0, FIRST_SEQ, "the note of what retention deleted is not a number")
    return int(text)


def delete_segments_below(ops: FileOps, folder: Path, keep_from_seq: int) -> int:
    """Delete the segments whose rows all lie below `keep_from_seq`; returns how many. The newest always stays."""
    paths = segment_paths(ops, folder)
    first_seqs = [segment_first_seq(path.name) or FIRST_SEQ for path in paths]
    doomed = [path for path, next_first in zip(paths, first_seqs[1:], strict=False) if next_first <= keep_from_seq]
    if not doomed:
        return 0
    # The note is durable before the first name goes, and names go oldest first: any crash leaves a run without a gap.
    write_floor(ops, folder, first_seqs[len(doomed)])
    for path in doomed:
        ops.unlink(path)
    ops.sync_folder(folder)
    return len(doomed)


def write_floor(ops: FileOps, folder: Path, floor_seq: int) -> None:
    """Note durably that the log may begin at `floor_seq`."""
    draft = folder / f"{FLOOR_NAME}.tmp"
    if draft.name in ops.list_names(folder):
        ops.unlink(draft)
    fd = ops.create(draft)
    try:
        ops.write(fd, f"{floor_seq}\n".encode(), 0)
        ops.sync(fd)
    finally:
        ops.close(fd)
    ops.rename(draft, folder / FLOOR_NAME)
    ops.sync_folder(folder)
