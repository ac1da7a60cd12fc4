"""How compiled code sees a set of tables: one pointer to their directory, so that handing all of them on costs nothing.

A named tuple of arrays would be passed as some two hundred machine words at every call, and each mention of an array
would count references. Here `t.contacts` loads an address and a length, which the optimiser lifts out of loops.

Compiled code does not count the places of a table from its end: -1 is nobody, never the last one. So no index is
compared with 0 before each use; with NUMBA_BOUNDSCHECK=1 one below 0 is an error as one too large is.
"""

import operator
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import config, typeof
from numba.core import cgutils, types
from numba.core.datamodel.models import ArrayModel
from numba.core.imputils import lower_builtin
from numba.core.typing import signature
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    intrinsic,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import getitem_array_tuple, getitem_arraynd_intp, setitem_array

from engine.kernel.table_set import TableSet
from engine.kernel.tables import Tables

WORD: Final = ir.IntType(64)


class TablesType(types.Type):
    """The type of one set of tables, whatever their capacity."""


class TableType(types.Array):
    """The type of one table: an array whose places count from 0 on."""


register_model(TableType)(ArrayModel)

_LAYOUTS: Final[dict[str, dict[str, tuple[TableType, int, tuple[int, ...]]]]] = {}
"""Of each set: the type of every table, where its address stands in the directory, and its last extents, if fixed."""


def teach(tables: type[TableSet]) -> None:
    """Let compiled code take instances of this class."""
    kind, layout, place = TablesType(tables.__qualname__), {}, 0
    for name, dtype, dimensions in tables.SCHEMA:
        table = TableType(typeof(np.zeros(0, dtype)).dtype, dimensions, "C")
        layout[name] = table, place, tables.FIXED.get(name, ())
        place += 1 + dimensions
    _LAYOUTS[kind.name] = layout
    typeof_impl.register(tables)(lambda value, context: kind)


@register_model(TablesType)
class _TablesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: types.Type) -> None:
        super().__init__(manager, kind, WORD.as_pointer())


@infer_getattr
class _TablesAttributes(AttributeTemplate):
    key = TablesType

    def generic_resolve(self, kind: types.Type, name: str) -> types.Type | None:
        table = _LAYOUTS[kind.name].get(name)
        return table and table[0]


@lower_getattr_generic(TablesType)
def _load_table(context: Any, builder: Any, kind: types.Type, directory: Any, name: str) -> Any:
    array_type, place, fixed = _LAYOUTS[kind.name][name]
    read = range(place, place + 1 + array_type.ndim - len(fixed))
    words = [builder.load(builder.gep(directory, [ir.Constant(WORD, word)])) for word in read]
    for word in words:
        word.set_metadata("invariant.load", builder.module.add_metadata([]))
    words += [ir.Constant(WORD, extent) for extent in fixed]
    array = context.make_array(array_type)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(array_type.dtype))
    strides = [ir.Constant(WORD, item)]
    for extent in reversed(words[2:]):
        strides.insert(0, builder.mul(strides[0], extent))
    context.populate_array(
        array,
        data=builder.inttoptr(words[0], context.get_data_type(array_type.dtype).as_pointer()),
        shape=words[1:],
        strides=strides,
        itemsize=ir.Constant(WORD, item),
        meminfo=None,
    )
    return array._getvalue()


def _uncounted(context: Any, builder: Any, sig: Any, args: Any) -> tuple[Any, Any]:
    """Return signature and arguments of a look-up by integers, with these unsigned: nothing is counted from the end."""
    kind, index = sig.args[1], args[1]
    if isinstance(kind, types.Integer):
        index = context.cast(builder, index, kind, types.intp)
        kind = types.uintp
    elif all(isinstance(part, types.Integer) for part in kind):
        parts = [
            context.cast(builder, part, of, types.intp)
            for part, of in zip(cgutils.unpack_tuple(builder, index), kind, strict=True)
        ]
        index, kind = cgutils.pack_array(builder, parts), types.UniTuple(types.uintp, len(parts))
    return signature(sig.return_type, sig.args[0], kind, *sig.args[2:]), (args[0], index, *args[2:])


@lower_builtin(operator.getitem, TableType, types.Integer)
def _look_up(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return getitem_arraynd_intp(context, builder, *_uncounted(context, builder, sig, args))


@lower_builtin(operator.getitem, TableType, types.BaseTuple)
def _look_up_deeper(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return getitem_array_tuple(context, builder, *_uncounted(context, builder, sig, args))


@lower_builtin(operator.setitem, TableType, types.Integer, types.Any)
@lower_builtin(operator.setitem, TableType, types.BaseTuple, types.Any)
def _write_down(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return setitem_array(context, builder, *_uncounted(context, builder, sig, args))


@unbox(TablesType)
def _unbox_tables(kind: types.Type, value: Any, c: Any) -> NativeValue:
    number = c.pyapi.object_getattr_string(value, "address")
    address = c.pyapi.long_as_longlong(number)
    c.pyapi.decref(number)
    return NativeValue(
        c.builder.inttoptr(address, WORD.as_pointer()), is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred())
    )


def _lowest(word: Any) -> int:
    """Return the place of the lowest bit of a word that is not 0."""
    return (int(word) & -int(word)).bit_length() - 1


def _highest(word: Any) -> int:
    """Return the place of the highest bit of a word that is not 0."""
    return int(word).bit_length() - 1


def _bits(word: Any) -> int:
    """Return how many bits of the word are set."""
    return int(word).bit_count()


@intrinsic
def _trailing_zeros(typing: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@intrinsic
def _leading_bit(typing: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.sub(ir.Constant(WORD, 63), builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1)))

    return types.int64(types.uint64), generate


@intrinsic
def _population(typing: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


# One instruction each when compiled; the same in plain Python when the compiler is off.
lowest = _lowest if config.DISABLE_JIT else _trailing_zeros
highest = _highest if config.DISABLE_JIT else _leading_bit
bits = _bits if config.DISABLE_JIT else _population

teach(Tables)
