"""The one place that knows the compiler: its options, and a cache that is never stale.

numba does not notice that a compiled function called from another file has changed. So the cache folder is named by a
hash of everything that the machine code depends on: the sources of the kernel and of the numbers it folds in, numba's
version and the processor. A changed source compiles anew; an unchanged one loads in a third of a second.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numba
from numba.core import types
from numba.core.registry import CPUDispatcher

import engine.kernel.native  # noqa: F401  teaches the compiler the tables
from engine.kernel.plain import plain_door

Function = TypeVar("Function", bound=Callable[..., Any])

KERNEL = Path(__file__).parent
ENGINE = KERNEL.parent
FOLDED_IN = ("messages/kinds.py", "messages/rows.py", "model/settings.py", "model/tallies.py")
"""Files outside the kernel whose numbers end up in its machine code."""


def source_hash() -> str:
    """Return the hash that names a build of the kernel: 16 hex digits."""
    digest = hashlib.sha256()
    for path in (*sorted(KERNEL.glob("*.py")), *(ENGINE / name for name in FOLDED_IN)):
        digest.update(path.name.encode() + path.read_bytes())
    for part in (numba.__version__, llvm.get_host_cpu_name(), sys.version, os.environ.get("NUMBA_BOUNDSCHECK", "")):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return where this build's machine code lies: in the environment if writable, else in the user's cache."""
    for base in (Path(sys.prefix), Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")):
        if os.access(base, os.W_OK):
            return base / "trunkline-kernel" / BUILD
    return Path.home() / ".cache" / "trunkline-kernel" / BUILD


BUILD = source_hash()
numba.config.CACHE_DIR = str(cache_folder())


def callers_cache_folder(source: Path) -> Path:
    """Return where the machine code of functions of this file lies, which is outside the kernel.

    They hold kernel code and code of the files beside them, so both are in the name: what lies in the same folder, or
    the whole package where it is one.
    """
    top = source.parent
    while (top.parent / "__init__.py").exists() and (top / "__init__.py").exists():
        top = top.parent
    return cache_folder() / f"callers-{_package_hash(top)}"


@cache
def _package_hash(top: Path) -> str:
    digest = hashlib.sha256()
    inside = top.rglob("*.py") if (top / "__init__.py").exists() else top.glob("*.py")
    for path in sorted(inside):
        digest.update(str(path.relative_to(top)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _widened(kind: types.Type) -> types.Type:
    """Return the type a kernel function takes for an argument of this kind: one integer and one float for all."""
    if isinstance(kind, types.Integer | types.IntegerLiteral | types.IntEnumMember) and kind != types.uint64:
        return types.int64
    return types.float64 if isinstance(kind, types.Float) else kind


class _OneVersion(CPUDispatcher):
    """Compiles one version of a function, not one for each mix of int32, int64, enum and literal arguments."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        return super().get_call_template(
            tuple(_widened(kind) for kind in args), {name: _widened(kind) for name, kind in kws.items()}
        )


def jit(function: Function) -> Function:
    """Compile `function`, with the same options everywhere. Division by zero gives inf or nan as in numpy.

    The machine code of each function holds, optimised again, all that it calls. So what is called from many places
    must stay small; that is why deciding only writes rows, and one loop applies them.
    """
    return _compiled(function, keep=False)


def door(function: Function) -> Function:
    """Compile `function` and keep its machine code: for the few functions that Python calls.

    They may be elsewhere and call `step.take_row` in a loop of their own. Their code is compiled again when the kernel
    changes, or a file of their own package; what they call from other packages must not.
    """
    return _compiled(function, keep=True)


def _compiled(function: Function, *, keep: bool) -> Function:
    if numba.config.DISABLE_JIT:
        return plain_door(function) if keep else function
    dispatcher = _OneVersion(function, targetoptions={"nopython": True, "error_model": "numpy", "_nrt": False})
    if keep:
        source = Path(function.__code__.co_filename)
        if source.parent != KERNEL:
            numba.config.CACHE_DIR = str(callers_cache_folder(source))
        dispatcher.enable_caching()  # asks for the folder at once
        numba.config.CACHE_DIR = str(cache_folder())
    compiled: Function = dispatcher
    return compiled
