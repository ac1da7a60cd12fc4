"""How functions become machine code: each is lowered once, by itself; a door takes in all that it calls, at whatever
remove, and the optimiser sees the whole as one program of which nobody else calls any part.

numba's own way optimises each function with all that it calls, again and again up to the top, and keeps every one of
them callable from elsewhere. So it neither drops what no caller asks for nor what no function ever returns.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher


class Library(JITCodeLibrary):
    """The code of one function; what it calls joins it when its machine code is asked for, and not before."""

    def add_linking_library(self, library: Any) -> None:
        """Note that the function calls another."""
        self._linking_libraries.append(library)

    def finalize(self) -> None:
        """Take in all that is called, hide it, optimise, and make machine code."""
        module = self._final_module
        own = {function.name for function in module.functions}
        for library in self._called():
            own_only = isinstance(library, Library)
            module.link_in(library._final_module if own_only else library._get_module_for_linking(), preserve=True)
        for function in module.functions:
            if not function.is_declaration and function.name not in own:
                function.linkage = "internal"
        self._optimize_final_module()
        module.verify()
        self._finalize_final_module()

    def _optimize_final_module(self) -> None:
        """Optimise as numba does, twice, but turn no loop into vectors. Most run a few times at most, over a word of
        agents or a queue, and stand in a large function: what their vectors need would be loaded, and put aside again,
        by all who come past.
        """
        for cost in ("cheap", None):
            passes, builder = self._codegen._module_pass_manager(loop_vectorize=False, slp_vectorize=False, cost=cost)
            passes.run(self._final_module, builder)

    def _called(self) -> list[Any]:
        found, unread = [], [self]
        while unread:
            for library in unread.pop()._linking_libraries:
                if library not in found:
                    found.append(library)
                    if isinstance(library, Library):
                        unread.append(library)
        return found


class WholeCompiler(Compiler):
    """Compiles a function that Python calls."""

    def __init__(self, typing: Any, target: Any, library: Any, args: Any, returns: Any, flags: Any, names: Any) -> None:
        library = Library(target.codegen(), "whole")
        library.enable_object_caching()
        super().__init__(typing, target, library, args, returns, flags, names)


class _PartCompiler(Compiler):
    """Compiles a function that is called by compiled code only: no machine code of its own."""

    def __init__(self, typing: Any, target: Any, library: Any, args: Any, returns: Any, flags: Any, names: Any) -> None:
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        super().__init__(typing, target, Library(target.codegen(), "part"), args, returns, flags, names)


class Part(CPUDispatcher):
    """A function as other compiled functions see it."""

    def __init__(self, function: Any, options: Any) -> None:
        super().__init__(function, targetoptions=options, pipeline_class=_PartCompiler)

    def add_overload(self, compiled: Any) -> None:
        """Let callers find what was compiled."""
        key = object()
        self.targetctx.insert_user_function(key, compiled.fndesc, [compiled.library])
        self.overloads[tuple(compiled.signature.args)] = compiled._replace(entry_point=key)
