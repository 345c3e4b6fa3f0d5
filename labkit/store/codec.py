"""The table's frozen values as plain JSON data and back; what is unknown or of another type is refused."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from labkit.model.units import Size


class CodecError(ValueError):
    """The data is not the value it should be; the text begins with the place inside the data."""


def encode(value: object) -> object:
    """Dataclasses become objects, tuples lists, enums their value, sizes '512MiB', instants ISO 8601."""
    match value:
        case Size() | datetime():
            return str(value) if isinstance(value, Size) else value.isoformat()
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [encode(item) for item in value]
        case Mapping():
            return {str(key): encode(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"a {type(value).__name__} has no place in a run folder")


def decode(kind: typing.Any, data: object, at: str = "") -> typing.Any:
    """The value of type `kind` that `encode` made `data` from. Raises CodecError."""
    if kind is object:
        return _frozen(data)
    if kind in (str, int, float, bool):
        return _scalar(kind, data, at)
    shape, inner = _shape(kind)
    match shape:
        case _Shape.OPTIONAL:
            return None if data is None else decode(inner[0], data, at)
        case _Shape.RECORD:
            return _record(kind, data, at)
        case _Shape.NAMED:
            return _named(kind, data, at)
    return _container(shape, inner, data, at)


def to_text(data: object) -> str:
    """Indented JSON that ends in a newline: one fact a line, so that `diff` shows the fact that changed."""
    return json.dumps(encode(data), indent=2, allow_nan=False) + "\n"


def to_lines(data: object) -> str:
    """JSON in which each field of a value has a line, and each element of a field that is a collection too.

    So an element can be pointed at by its line, which `first_lines` tells.
    """
    record = encode(data)
    if not isinstance(record, dict):
        raise TypeError(f"a {type(data).__name__} has no fields")
    return (
        "{\n" + ",\n".join(f"{json.dumps(name)}: {_spread(item)}" for name, item in record.items()) + "\n}\n"
    )


def first_lines(text: str) -> dict[str, int]:
    """The line on which each collection of what `to_lines` wrote begins: its element i is i + 1 below."""
    found = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.endswith(('": [', '": {')):
            found[json.loads(line[: line.index(":")])] = number
    return found


def _spread(item: object) -> str:
    match item:
        case list() if item:
            return "[\n" + ",\n".join(json.dumps(element, allow_nan=False) for element in item) + "\n]"
        case dict() if item:
            rows = (f"{json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in item.items())
            return "{\n" + ",\n".join(rows) + "\n}"
    return json.dumps(item, allow_nan=False)


def from_text(kind: typing.Any, text: str) -> typing.Any:
    """Raises CodecError, for text that is no JSON too."""
    try:
        return decode(kind, json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise CodecError(f"is no whole JSON ({error})") from error


def _scalar(kind: type, data: object, at: str) -> object:
    if kind is float and type(data) is int:
        return float(data)
    if type(data) is not kind:  # bool is an int to isinstance
        raise CodecError(f"{at or 'value'}: found {_short(data)}, expected {kind.__name__}")
    return data


def _container(shape: _Shape, args: tuple[typing.Any, ...], data: object, at: str) -> object:
    if shape is _Shape.TUPLE:
        if not isinstance(data, list):
            raise CodecError(f"{at or 'value'}: found {_short(data)}, expected a list")
        return tuple(decode(args[0], item, f"{at}[{index}]") for index, item in enumerate(data))
    if not isinstance(data, dict):
        raise CodecError(f"{at or 'value'}: found {_short(data)}, expected an object")
    return {key: decode(args[1], item, f"{at}.{key}" if at else key) for key, item in data.items()}


class _Shape(Enum):
    """How data of a type looks in JSON."""

    OPTIONAL = "X | None, the only union on the table"
    TUPLE = "a list"
    MAPPING = "an object with keys of its own"
    RECORD = "an object with a field for each key"
    NAMED = "a word"


@functools.cache
def _shape(kind: typing.Any) -> tuple[_Shape, tuple[typing.Any, ...]]:
    """The shape of a type, and the types inside; asked thousands of times about few types."""
    if isinstance(kind, types.UnionType):
        (inner,) = (member for member in kind.__args__ if member is not types.NoneType)
        return _Shape.OPTIONAL, (inner,)
    if (origin := typing.get_origin(kind)) is not None:
        return _Shape.TUPLE if origin is tuple else _Shape.MAPPING, typing.get_args(kind)
    return _Shape.RECORD if dataclasses.is_dataclass(kind) else _Shape.NAMED, ()


@functools.cache
def _hints(kind: type) -> dict[str, typing.Any]:
    return typing.get_type_hints(kind)


def _record(kind: typing.Any, data: object, at: str) -> object:
    if not isinstance(data, dict):
        raise CodecError(f"{at or kind.__name__}: found {_short(data)}, expected an object")
    hints = _hints(kind)
    prefix = f"{at}." if at else ""
    if not data.keys() <= hints.keys():
        unknown = min(data.keys() - hints.keys())
        raise CodecError(f"{prefix}{unknown}: is no field of {kind.__name__}")
    values = {name: decode(hints[name], item, prefix + name) for name, item in data.items()}
    try:
        return kind(**values)
    except TypeError as error:  # a field without a default is not there
        raise CodecError(f"{at or kind.__name__}: {error}") from error
    except ValueError as error:  # the value refuses to exist (SpecError)
        raise CodecError(f"{prefix}{error}") from error


def _named(kind: typing.Any, data: object, at: str) -> object:
    make = {Size: Size.parse, datetime: datetime.fromisoformat}.get(kind, kind)
    try:
        if isinstance(data, str):
            return make(data)
    except ValueError:
        pass
    raise CodecError(f"{at or 'value'}: found {_short(data)}, which is no {kind.__name__}")


def _frozen(data: object) -> object:
    return tuple(_frozen(item) for item in data) if isinstance(data, list) else data


def _short(data: object) -> str:
    text = json.dumps(data)
    return text if len(text) <= 60 else text[:57] + "..."
