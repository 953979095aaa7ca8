"""Vector kernels: what a processor does to 64 bytes, or to four weights, at once, for the compiled loops.

Nothing here looks at the bounds of an array: whoever calls has made room.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from stance.text.segments import CLAUSE_MARKS

WIDTH = 64
_BYTE, _EIGHT, _BITS = ir.IntType(8), ir.IntType(64), ir.IntType(WIDTH)
_BYTES, _NUMBERS = ir.VectorType(_BYTE, WIDTH), ir.VectorType(_EIGHT, 8)
_WEIGHTS, _FOUR_FLOATS = ir.VectorType(ir.FloatType(), 4), types.UniTuple(types.float32, 4)
_CAPITAL_TO_SMALL = ord("a") - ord("A")
_ASCII_MARKS = [ord(mark) for mark in CLAUSE_MARKS if mark.isascii()]


def _point(context: Any, builder: Any, array: Any, arguments: Any, kind: Any) -> Any:
    """Return a pointer to what stands at a place of an array of bytes, the first two of the arguments."""
    data = context.make_array(array)(context, builder, arguments[0]).data
    return builder.bitcast(builder.gep(data, [arguments[1]]), kind.as_pointer())


@intrinsic
def load_eight(context, letters, at):
    """Return the eight bytes from a place on as a number, the first of them lowest."""

    def generate(context, builder, signature, arguments):
        return builder.load(_point(context, builder, signature.args[0], arguments, _EIGHT), align=1)

    return types.uint64(letters, at), generate


@intrinsic
def store_eight(context, letters, at, eight):
    """Write a number to the eight bytes from a place on, the lowest of them first."""

    def generate(context, builder, signature, arguments):
        builder.store(arguments[2], _point(context, builder, signature.args[0], arguments, _EIGHT), align=1)
        return context.get_dummy_value()

    return types.void(letters, at, types.uint64), generate


@intrinsic
def high_64(context, data, at):
    """Return a bit for each of 64 bytes that is from 128 on."""

    def generate(context, builder, signature, arguments):
        given = builder.load(_point(context, builder, signature.args[0], arguments, _BYTES), align=1)
        return builder.bitcast(builder.icmp_signed("<", given, _all(0)), _BITS)

    return types.uint64(data, at), generate


@intrinsic
def copy_64(context, data, source, letters, at):
    """Copy 64 bytes; return a bit for each that is from 128 on."""

    def generate(context, builder, signature, arguments):
        given = builder.load(_point(context, builder, signature.args[0], arguments[:2], _BYTES), align=1)
        builder.store(given, _point(context, builder, signature.args[2], arguments[2:], _BYTES), align=1)
        return builder.bitcast(builder.icmp_signed("<", given, _all(0)), _BITS)

    return types.uint64(data, source, letters, at), generate


@intrinsic
def fold_64(context, letters, at):
    """Make the capitals of 64 bytes small; return a bit each for letters, apostrophes and clause marks.

    Letters are those of ASCII's words, and all bytes from 128 on.
    """

    def generate(context, builder, signature, arguments):
        place = _point(context, builder, signature.args[0], arguments, _BYTES)
        given = builder.load(place, align=1)
        is_capital = _is_between(builder, given, "A", "Z")
        small = builder.select(is_capital, _all(_CAPITAL_TO_SMALL), _all(0))
        folded = builder.or_(given, small)
        builder.store(folded, place, align=1)
        is_letter = builder.icmp_signed("<", folded, _all(0))
        for first, last in ("az", "09", "__"):
            is_letter = builder.or_(is_letter, _is_between(builder, folded, first, last))
        is_mark = builder.icmp_unsigned("==", folded, _all(_ASCII_MARKS[0]))
        for mark in _ASCII_MARKS[1:]:
            is_mark = builder.or_(is_mark, builder.icmp_unsigned("==", folded, _all(mark)))
        is_apostrophe = builder.icmp_unsigned("==", folded, _all(ord("'")))
        bits = [builder.bitcast(found, _BITS) for found in (is_letter, is_apostrophe, is_mark)]
        return cgutils.pack_array(builder, bits)

    return types.UniTuple(types.uint64, 3)(letters, at), generate


def _all(number: int) -> Any:
    return ir.Constant(_BYTES, [number] * WIDTH)


def _is_between(builder: Any, given: Any, first: str, last: str) -> Any:
    return builder.icmp_unsigned("<=", builder.sub(given, _all(ord(first))), _all(ord(last) - ord(first)))


@intrinsic
def count_ones(context, number):
    """Return how many bits of a number are set, in one instruction."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@intrinsic
def first_one(context, number):
    """Return the place of the lowest bit that is set, in one instruction; 64 where none is."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def equal_eight(context, numbers, at, number):
    """Return a bit for each of the eight numbers from a place on that equals a given one."""

    def generate(context, builder, signature, arguments):
        numbers, at, number = arguments
        place = _point(context, builder, signature.args[0], (numbers, at), _NUMBERS)
        one = builder.insert_element(ir.Constant(_NUMBERS, ir.Undefined), number, _EIGHT(0))
        given = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8))
        found = builder.icmp_unsigned("==", builder.load(place, align=8), given)
        return builder.zext(builder.bitcast(found, _BYTE), _EIGHT)

    return types.uint64(numbers, types.uint64, types.uint64), generate


@intrinsic
def sum_rows(context, weights, columns, first, last, n_weights, block):
    """Return the sums of four neighbouring weights over some columns, added up one by one.

    A column's weights are `n_weights` of the flat array `weights`; the four begin at the one numbered `block`.
    """

    def generate(context, builder, signature, arguments):
        flat, columns, *bounds = arguments
        return _sum_rows(context, builder, signature, (flat, columns, None, *bounds))

    return _FOUR_FLOATS(weights, columns, *[types.int64] * 4), generate


@intrinsic
def sum_scaled_rows(context, weights, columns, values, first, last, n_weights, block):
    """Return the same sums, each column's weights times its value."""

    def generate(context, builder, signature, arguments):
        return _sum_rows(context, builder, signature, arguments)

    return _FOUR_FLOATS(weights, columns, values, *[types.int64] * 4), generate


def _sum_rows(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    flat, columns, values, first, last, n_weights, block = arguments
    found = context.make_array(signature.args[1])(context, builder, columns).data
    sums = cgutils.alloca_once_value(builder, ir.Constant(_WEIGHTS, [0.0] * 4))
    with cgutils.for_range_slice(builder, first, last, ir.Constant(_EIGHT, 1), _EIGHT) as (i, _):
        column = builder.zext(builder.load(builder.gep(found, [i])), _EIGHT)
        at = builder.add(builder.mul(column, n_weights), block)
        row = builder.load(_point(context, builder, signature.args[0], (flat, at), _WEIGHTS), align=4)
        if values is not None:
            given = context.make_array(signature.args[2])(context, builder, values).data
            row = builder.fmul(_repeat(builder, builder.load(builder.gep(given, [i]))), row)
        builder.store(builder.fadd(builder.load(sums), row), sums)
    total = builder.load(sums)
    return cgutils.pack_array(builder, [builder.extract_element(total, _EIGHT(i)) for i in range(4)])


@intrinsic
def step_back(context, weights, at, step, shares, block):
    """Take a step times four shares, those from `block` on, from the four weights at a place."""

    def generate(context, builder, signature, arguments):
        flat, at, step, shares, block = arguments
        place = _point(context, builder, signature.args[0], (flat, at), _WEIGHTS)
        share = builder.load(_point(context, builder, signature.args[3], (shares, block), _WEIGHTS), align=4)
        row = builder.fsub(builder.load(place, align=4), builder.fmul(_repeat(builder, step), share))
        builder.store(row, place, align=4)
        return context.get_dummy_value()

    return types.void(weights, types.uint64, types.float32, shares, types.uint64), generate


@intrinsic
def grow_and_step_back(context, weights, at, growth, rate, shares, block):
    """Do the same where the last of the four is a sum of squares, whose share is 0, that first grows.

    The step, which is returned, is `rate` through the root of that sum.
    """

    def generate(context, builder, signature, arguments):
        flat, at, growth, rate, shares, block = arguments
        place = _point(context, builder, signature.args[0], (flat, at), _WEIGHTS)
        share = builder.load(_point(context, builder, signature.args[4], (shares, block), _WEIGHTS), align=4)
        row, last = builder.load(place, align=4), _EIGHT(3)
        squares = builder.fadd(builder.extract_element(row, last), growth)
        root = builder.call(builder.module.declare_intrinsic("llvm.sqrt", [ir.FloatType()]), [squares])
        step = builder.fdiv(rate, root)
        row = builder.insert_element(row, squares, last)
        builder.store(builder.fsub(row, builder.fmul(_repeat(builder, step), share)), place, align=4)
        return step

    returned = types.float32
    return returned(weights, types.uint64, types.float32, types.float32, shares, types.uint64), generate


def _repeat(builder: Any, number: Any) -> Any:
    one = builder.insert_element(ir.Constant(_WEIGHTS, ir.Undefined), number, _EIGHT(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), 4), [0] * 4))
