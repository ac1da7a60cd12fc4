"""One number for the whole state: equal states have equal fingerprints, whoever drove the kernel there."""

import xxhash

from engine.kernel.tables import Tables


def fingerprint(t: Tables) -> int:
    """Return the XXH3-64 of every table, in order."""
    digest = xxhash.xxh3_64()
    for table in t:
        digest.update(memoryview(table).cast("B"))
    return digest.intdigest()
