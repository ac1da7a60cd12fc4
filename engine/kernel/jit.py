"""The one place that knows the compiler: its options, and a cache that is never stale.

numba does not notice that a compiled function called from another file has changed. So the cache folder is named by a
hash of everything that the machine code depends on: the sources of the kernel and of the numbers it folds in, numba's
version and the processor. A changed source compiles anew; an unchanged one loads in a third of a second.
"""

import ast
import hashlib
import logging
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import llvmlite.binding as llvm
import numba
from numba.core import types
from numba.core.caching import FunctionCache
from numba.core.registry import CPUDispatcher

from engine.kernel.linking import Part, WholeCompiler
from engine.kernel.native import teach
from engine.kernel.plain import plain_door
from engine.kernel.table_set import TableSet

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])
AnyTables = TypeVar("AnyTables", bound=type[TableSet])

KERNEL = Path(__file__).parent
ENGINE = KERNEL.parent
FOLDED_IN = ("messages/kinds.py", "messages/exits.py", "messages/rows.py", "model/settings.py", "model/tallies.py")
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

    They hold kernel code and code of the files that they import from beside them, so both are in the name.
    """
    return cache_folder() / f"callers-{_callers_hash(source)}"


@cache
def _callers_hash(source: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_imported_from(source)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _imported_from(source: Path) -> set[Path]:
    """Return the file with all that it imports, at whatever remove, out of its own package; out of its folder if it
    lies in none.
    """
    top = source.parent
    while (top / "__init__.py").exists():
        top = top.parent
    found, unread = {source}, [source]
    while unread:
        for statement in ast.walk(ast.parse(unread.pop().read_text(encoding="utf-8"))):
            names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
            if isinstance(statement, ast.ImportFrom) and statement.module:
                names = [statement.module, *(f"{statement.module}.{alias.name}" for alias in statement.names)]
            for path in (top.joinpath(*name.split(".")).with_suffix(".py") for name in names):
                if path not in found and path.is_file() and ENGINE not in path.parents:
                    found.add(path)
                    unread.append(path)
    return found


def _widened(kind: types.Type) -> types.Type:
    """Return the type a kernel function takes for an argument of this kind: one integer and one float for all."""
    if isinstance(kind, types.Integer | types.IntegerLiteral | types.IntEnumMember) and kind != types.uint64:
        return types.int64
    return types.float64 if isinstance(kind, types.Float) else kind


OPTIONS: Final = {"nopython": True, "error_model": "numpy", "_nrt": False}


class _Cache(FunctionCache):
    """Keeps machine code where there is room for it; where there is none, it serves this process alone."""

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            logger.warning(
                "machine code cannot be kept in %s: %s; it is compiled again at every start", self.cache_path, reason
            )


class _OneVersion(CPUDispatcher):
    """Compiles one version of a function, not one for each mix of int32, int64, enum and literal arguments."""

    def __init__(self, function: Any, options: Any) -> None:
        super().__init__(function, targetoptions=options, pipeline_class=WholeCompiler)
        self._part = Part(function, options)

    def enable_caching(self) -> None:
        """Look for machine code in the folder that is set now, and keep there what is compiled."""
        self._cache = _Cache(self.py_func)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Return what a compiled caller calls."""
        return self._part.get_call_template(
            tuple(_widened(kind) for kind in args), {name: _widened(kind) for name, kind in kws.items()}
        )

    def get_overload(self, signature: Any) -> Any:
        """Return by what the compiler finds that again."""
        return self._part.get_overload(signature)


def jit(function: Function) -> Function:
    """Compile `function`, with the same options everywhere. Division by zero gives inf or nan as in numpy.

    The machine code of each function holds, optimised again, all that it calls. So what is called from many places
    must stay small; that is why deciding only writes rows, and one loop applies them.
    """
    return _compiled(function, keep=False)


def door(function: Function) -> Function:
    """Compile `function` and keep its machine code: for the few functions that Python calls.

    They may be elsewhere and call `step.take_row` in a loop of their own. Their code is compiled again when the kernel
    changes, or a file of their own package that they import; what they call from other packages must not.
    """
    return _compiled(function, keep=True)


def side_door(function: Function) -> Function:
    """Compile likewise, and let other threads run meanwhile: for worlds side by side, each in tables of its own."""
    return _compiled(function, keep=True, nogil=True)


def tables_of(tables: AnyTables) -> AnyTables:
    """Let compiled code outside the kernel take instances of this class of tables: a decorator."""
    teach(tables)
    return tables


def _compiled(function: Function, *, keep: bool, nogil: bool = False) -> Function:
    if numba.config.DISABLE_JIT:
        return plain_door(function) if keep else function
    dispatcher = _OneVersion(function, OPTIONS | {"nogil": nogil})
    if keep:
        source = Path(function.__code__.co_filename)
        if source.parent != KERNEL:
            numba.config.CACHE_DIR = str(callers_cache_folder(source))
        dispatcher.enable_caching()  # asks for the folder at once
        numba.config.CACHE_DIR = str(cache_folder())
    compiled: Function = dispatcher
    return compiled
