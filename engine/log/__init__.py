"""The append-only log: checksummed frames in preallocated segments, recovery, snapshots and an in-memory twin."""
