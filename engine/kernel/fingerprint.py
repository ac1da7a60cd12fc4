"""One number for the whole state: equal states have equal fingerprints, whoever drove the kernel there."""

import xxhash

from engine.kernel.tables import Tables

SCRATCH = frozenset({"agenda"})
"""Tables that hold nothing between steps."""


def fingerprint(t: Tables) -> int:
    """Return the XXH3-64 of every table that lasts, in order."""
    digest = xxhash.xxh3_64()
    for name, table in t.items():
        if name not in SCRATCH:
            digest.update(table.data.cast("B"))
    return digest.intdigest()
