"""What the kernel uses of the insides of numba, by name: another version that lacks one is told so, and no riddle."""

import tomllib
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from numba.core.registry import cpu_target
from packaging.requirements import Requirement

INSIDES = {
    "numba.core.codegen:JITCodeLibrary": (
        "add_linking_library",
        "finalize",
        "enable_object_caching",
        "_get_module_for_linking",
        "_optimize_final_module",
        "_finalize_final_module",
    ),
    "numba.core.compiler:Compiler": ("define_pipelines",),
    "numba.core.compiler:Flags": ("no_compile", "no_cpython_wrapper", "no_cfunc_wrapper"),
    "numba.core.registry:CPUDispatcher": ("add_overload", "enable_caching", "get_call_template", "get_overload"),
    "numba.core.base:BaseContext": ("insert_user_function", "make_array", "get_abi_sizeof", "get_data_type"),
    "numba.core.datamodel.models:ArrayModel": (),
    "numba.np.arrayobj": ("getitem_array_tuple", "getitem_arraynd_intp", "setitem_array"),
    "numba.extending": ("infer_getattr", "lower_getattr_generic", "typeof_impl", "unbox"),
    "numba:config": ("CACHE_DIR", "DISABLE_JIT"),
}


@pytest.mark.parametrize("place", INSIDES)
def test_what_is_used_of_numba_is_there(place: str) -> None:
    module, _, name = place.partition(":")
    found = import_module(module)
    for part in (name,) if name else ():
        found = getattr(found, part)
    missing = [attribute for attribute in INSIDES[place] if not hasattr(found, attribute)]
    assert not missing, f"numba {version('numba')} has no {', '.join(missing)} in {place}: see engine/kernel/linking.py"


def test_a_library_of_machine_code_has_the_parts_that_are_linked() -> None:
    library = cpu_target.target_context.codegen().create_library("insides")
    missing = [name for name in ("_linking_libraries", "_final_module", "_codegen") if not hasattr(library, name)]
    assert not missing, f"numba {version('numba')}: no {', '.join(missing)} in a library; see engine/kernel/linking.py"


def test_passes_over_machine_code_can_be_told_to_make_no_vectors() -> None:
    passes, _ = cpu_target.target_context.codegen()._module_pass_manager(
        loop_vectorize=False, slp_vectorize=False, cost="cheap"
    )
    assert hasattr(passes, "run")


def test_no_numba_is_allowed_that_nobody_has_tried() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (bound,) = (one for one in map(Requirement, project["dependencies"]) if one.name == "numba")
    assert bound.specifier.contains(version("numba"))
    assert any(one.operator == "<" for one in bound.specifier), "its insides change without notice"
