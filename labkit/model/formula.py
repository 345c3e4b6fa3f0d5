"""Arithmetic over named numbers, as an experiment's file writes it: 'stolen / (stolen + kept) >= 0.97'.

    sum of products, comparisons (chained too), and, or, not, parentheses, numbers, 'words', min max abs

Nothing else: a formula can neither call nor reach anything. What has no value yields none: a name whose value
is None, and a division by zero.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Value = float | int | str | None
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_RELATIONS: Mapping[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,  # type: ignore[dict-item]
    ast.LtE: operator.le,  # type: ignore[dict-item]
    ast.Gt: operator.gt,  # type: ignore[dict-item]
    ast.GtE: operator.ge,  # type: ignore[dict-item]
}
_FUNCTIONS: Mapping[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs}
_SPELLED = "write arithmetic and comparisons of the metrics' names, such as 'a / (a + b) >= 0.5'"
LONGEST = 500


class NoValue(Exception):
    """Something in a formula has no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula that can be evaluated. Raises ValueError whose text says what was found, and what to write.

    >>> Formula(text="hit / (hit + miss)").value({"hit": 3, "miss": 1})
    0.75
    """

    text: str

    def __post_init__(self) -> None:
        _check(_parse(self.text))

    @property
    def names(self) -> frozenset[str]:
        """The names whose values it needs."""
        nodes = list(ast.walk(_parse(self.text)))
        called = {node.func for node in nodes if isinstance(node, ast.Call)}
        return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and node not in called)

    def value(self, known: Mapping[str, Value]) -> float | None:
        """The number it comes to; a comparison that holds is 1.0. None where something has no value."""
        try:
            found = _value(_parse(self.text), known)
        except (NoValue, ZeroDivisionError, OverflowError):
            return None
        except TypeError as error:
            raise ValueError(f"{self.text!r} mixes words and numbers, compare like with like") from error
        return None if isinstance(found, str) else float(found)

    def holds(self, known: Mapping[str, Value]) -> bool:
        """Whether it is true; what has no value is not."""
        return bool(self.value(known))


def _parse(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ValueError(f"found {len(text)} characters, write {LONGEST} at most")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"found {text!r}, {_SPELLED}") from error


def _check(node: ast.expr) -> None:
    """Raise ValueError for what a formula may not hold."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            parts = [left, right]
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            parts = [operand]
        case ast.BoolOp(values=parts):
            pass
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _RELATIONS for op in ops):
            parts = [left, *others]
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in _FUNCTIONS and parts:
            pass
        case ast.Name() | ast.Constant(value=int() | float() | str()):
            parts = []
        case _:
            raise ValueError(f"found '{ast.unparse(node)}', {_SPELLED}")
    for part in parts:
        _check(part)


def _value(node: ast.expr, known: Mapping[str, Value]) -> float | str:
    """A leaf's own value, or what the arithmetic or the logic of a node comes to."""
    if isinstance(node, ast.Constant):
        return node.value  # type: ignore[return-value]  # _check let in numbers and words alone
    if isinstance(node, ast.Name):
        found = known.get(node.id)
        if found is None:
            raise NoValue
        return found
    return _truth(node, known) if _is_logic(node) else _result(node, known)


def _is_logic(node: ast.expr) -> bool:
    is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return is_not or isinstance(node, (ast.BoolOp, ast.Compare))


def _result(node: ast.expr, known: Mapping[str, Value]) -> float:
    match node:
        case ast.UnaryOp(operand=operand):
            return -_number(operand, known)
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](_number(left, known), _number(right, known))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name](*(_number(each, known) for each in arguments))
    raise AssertionError(f"not checked: {ast.dump(node)}")


def _truth(node: ast.expr, known: Mapping[str, Value]) -> float:
    match node:
        case ast.UnaryOp(operand=operand):
            return float(not _value(operand, known))
        case ast.BoolOp(op=ast.And(), values=values):
            return float(all(_value(each, known) for each in values))
        case ast.BoolOp(values=values):
            return float(any(_value(each, known) for each in values))
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_value(each, known) for each in (left, *others)]
            pairs = zip(ops, sides, sides[1:], strict=False)
            return float(all(_RELATIONS[type(op)](one, other) for op, one, other in pairs))
    raise AssertionError(f"not checked: {ast.dump(node)}")


def _number(node: ast.expr, known: Mapping[str, Value]) -> float:
    found = _value(node, known)
    if isinstance(found, str):
        raise TypeError(found)
    return found
