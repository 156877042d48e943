"""Samples of published messages and stored events, made from their types: fields in the form they are written."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from shared.messages import Contract

CONTRACTS = Path(__file__).parents[2] / "shared" / "contracts"
SAMPLES: dict[type, Any] = {
    msgspec.inspect.UUIDType: UUID("0190b6a2-7c1e-7000-8000-000000000001"),
    msgspec.inspect.DateTimeType: datetime(2030, 1, 31, 23, 59, 59, tzinfo=UTC),
    msgspec.inspect.DateType: date(2030, 1, 31),
    msgspec.inspect.DecimalType: Decimal("12.50"),
    msgspec.inspect.IntType: 7,
    msgspec.inspect.BoolType: True,
    msgspec.inspect.StrType: "text",
    msgspec.inspect.NoneType: None,
}


def contracts() -> list[type[Contract]]:
    """Every message that is sent, by its type's name; what only gathers fields has no TYPE of its own."""
    for file in sorted(CONTRACTS.glob("[a-z]*.py")):
        importlib.import_module(f"shared.contracts.{file.stem}")
    return sorted((kind for kind in _descendants(Contract) if _is_published(kind)), key=lambda kind: kind.TYPE)


def sample(kind: type) -> Any:
    return _sample(msgspec.inspect.type_info(kind))


def encoded(contract: type[Contract]) -> Any:
    """The sample as it reads in JSON."""
    return msgspec.json.decode(msgspec.json.encode(sample(contract)))


def sparse_sample(kind: type) -> Any:
    """The same with nothing in it that need not be: null where null may be, and collections are empty."""
    return _sample(msgspec.inspect.type_info(kind), is_sparse=True)


def choices(kind: type) -> dict[str, list[Any]]:
    """Where only certain values may be, by path, and which."""
    return dict(sorted(_choices(msgspec.inspect.type_info(kind), "")))


def _sample(info: msgspec.inspect.Type, *, is_sparse: bool = False) -> Any:
    match info:
        case msgspec.inspect.StructType(cls=cls, fields=fields) | msgspec.inspect.DataclassType(cls=cls, fields=fields):
            return cls(**{field.name: _sample(field.type, is_sparse=is_sparse) for field in fields})
        case msgspec.inspect.VarTupleType(item_type=item):
            return () if is_sparse else (_sample(item),)
        case msgspec.inspect.CollectionType(item_type=item):
            return [] if is_sparse else [_sample(item)]
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return {} if is_sparse else {_key(key): _sample(value)}
        case msgspec.inspect.LiteralType(values=values):
            return values[0]
        case msgspec.inspect.UnionType(types=types, includes_none=may_be_nothing):
            if is_sparse and may_be_nothing:
                return None
            return next(
                _sample(kind, is_sparse=is_sparse) for kind in types if not isinstance(kind, msgspec.inspect.NoneType)
            )
        case msgspec.inspect.AnyType():
            return {"anything": "goes"}
    return SAMPLES[type(info)]


def _key(info: msgspec.inspect.Type) -> Any:
    return "key" if isinstance(info, msgspec.inspect.StrType) else _sample(info)


def _choices(info: msgspec.inspect.Type, path: str) -> Iterator[tuple[str, list[Any]]]:
    match info:
        case msgspec.inspect.StructType(fields=fields) | msgspec.inspect.DataclassType(fields=fields):
            for field in fields:
                yield from _choices(field.type, f"{path}/{field.name}")
        case msgspec.inspect.CollectionType(item_type=inner) | msgspec.inspect.DictType(value_type=inner):
            yield from _choices(inner, f"{path}/*")
        case msgspec.inspect.UnionType(types=types):
            for kind in types:
                yield from _choices(kind, path)
        case msgspec.inspect.LiteralType(values=values):
            yield path, list(values)


def _descendants(kind: type) -> Iterator[type[Contract]]:
    children: Sequence[Any] = kind.__subclasses__()
    for child in children:
        yield child
        yield from _descendants(child)


def _is_published(kind: type[Contract]) -> bool:
    return "TYPE" in vars(kind) and kind.__module__.startswith("shared.contracts.")
