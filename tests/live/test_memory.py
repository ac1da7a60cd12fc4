"""What the C library is told: understood by glibc, and harmless elsewhere."""

import platform
import subprocess
import sys

SCRIPT = "from engine.live.memory import give_back, keep_large_apart; print(keep_large_apart()); give_back()"


def test_glibc_understands_to_keep_large_apart() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == str(platform.libc_ver()[0] == "glibc")
