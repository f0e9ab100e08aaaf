"""`dataclass`: the standard library's decorator, made in a fifth of its time.

The standard one writes and compiles up to six methods for each class as it is loaded. A build that finds everything in its
cache loads two hundred classes, and that was half of its time. Here only `__init__` is compiled, once the first object is made;
comparing, hashing and showing are plain functions that know the names of the fields, and what else is known of these is found out when
somebody asks. To a type checker this *is* the standard decorator, and it is
the type checker that keeps a `frozen` class from being changed: nothing stops it at run time.

`field`, `replace`, `fields` and `asdict` of the standard library work on these classes.
"""

from __future__ import annotations

import dataclasses
from _thread import RLock
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from types import FunctionType
from typing import TYPE_CHECKING

_FIELDS = "__fields_of_values__"
_OF_AN_OBJECT = frozenset({"__dict__", "__weakref__"})
_ONE_AT_A_TIME = RLock()

if TYPE_CHECKING:
    from dataclasses import dataclass

    from _typeshed import DataclassInstance
else:
    from dataclasses import dataclass as _standard

    def dataclass(
        cls: type | None = None,
        /,
        *,
        frozen: bool = False,
        slots: bool = False,
        kw_only: bool = False,
        eq: bool = True,
    ) -> object:
        """Makes a class of values, as `dataclasses.dataclass` does with the same switches."""

        def made(plain: type) -> type:
            own = dict(vars(plain))
            if slots:
                ready = _with_slots(plain, own, kw_only=kw_only)
            else:
                ready = _standard(plain, init=False, repr=False, eq=False, kw_only=kw_only)
            if "__init__" not in own:
                _making(ready)
            if "__repr__" not in own:
                ready.__repr__ = _shown
            if eq:
                _comparing(ready, own, frozen=frozen)
            return ready

        return made if cls is None else made(cls)


class _Later:
    """`__dataclass_fields__` of a class, which the standard decorator finds out on `plain` when they are first asked for."""

    def __init__(self, plain: type, *, kw_only: bool) -> None:
        self._plain = plain
        self._kw_only = kw_only
        self.ready: type = plain

    def __get__(self, _object: object, _owner: type) -> object:
        with _ONE_AT_A_TIME:
            found = vars(self.ready)["__dataclass_fields__"]
            if found is not self:
                return found  # another thread was faster
            make = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=self._kw_only)
            done = vars(make(self._plain))
            for name in "__dataclass_params__", "__dataclass_fields__":
                setattr(self.ready, name, done[name])
            return done["__dataclass_fields__"]


def _with_slots(plain: type, own: dict[str, object], *, kw_only: bool) -> type:
    """The class with a slot for each of its fields, and what `match` has to know."""
    annotations: Mapping[str, object] = plain.__dict__.get("__annotations__", {})  # noqa: RUF063  without loading inspect's
    mine = [name for name, text in annotations.items() if not str(text).startswith("ClassVar")]
    above = plain.__mro__[1:-1]
    found: dict[str, Field[object]] = {}
    for base in reversed(above):
        found |= vars(base).get(_FIELDS) or vars(base).get("__dataclass_fields__", {})
    found |= {name: _field(own.get(name, MISSING), kw_only=kw_only) for name in mine}
    taken = {name for base in above for name in vars(base).get("__slots__", ())}
    space = {name: value for name, value in own.items() if name not in found and name not in _OF_AN_OBJECT}
    later = _Later(plain, kw_only=kw_only)
    space["__slots__"] = tuple(name for name in found if name not in taken)
    space["__dataclass_fields__"] = later
    space[_FIELDS] = found
    space.setdefault("__match_args__", tuple(name for name, each in found.items() if each.init and not each.kw_only))
    make: Callable[[str, tuple[type, ...], dict[str, object]], type] = type(plain)
    later.ready = make(plain.__name__, plain.__bases__, space)
    later.ready.__qualname__ = plain.__qualname__
    return later.ready


def _field(default: object, *, kw_only: bool) -> Field[object]:
    """What the text of a class says of a field."""
    found: object = default if isinstance(default, Field) else field(default=default)
    assert isinstance(found, Field)
    if found.kw_only is MISSING:
        found.kw_only = kw_only
    return found


def _fields(ready: type) -> Mapping[str, Field[object]]:
    """The fields by name, in their order."""
    known: Mapping[str, Field[object]] | None = vars(ready).get(_FIELDS)
    return {each.name: each for each in fields(ready)} if known is None else known


def _making(ready: type) -> None:
    """Gives a class `__init__`, which is written when it is called for the first time."""

    def first(self: object, *args: object, **named: object) -> None:
        ready.__init__ = _initializer(ready)  # type: ignore[misc]
        ready.__init__(self, *args, **named)  # type: ignore[misc]

    ready.__init__ = first  # type: ignore[misc]


def _initializer(ready: type) -> FunctionType:
    """`__init__` with a parameter for each field, in their order, those by keyword only last."""
    space: dict[str, object] = {"_absent": object()}
    by_place: list[str] = []
    by_name: list[str] = []
    lines: list[str] = []
    for name, each in _fields(ready).items():
        value = name
        default = ""
        if each.default_factory is not MISSING:
            space[f"_make_{name}"] = each.default_factory
            default, value = "_absent", f"_make_{name}() if {name} is _absent else {name}"
        elif each.default is not MISSING:
            default = f"_default_{name}"
            space[default] = each.default
        if each.init:
            (by_name if each.kw_only else by_place).append(f"{name}={default}" if default else name)
        elif default:
            value = f"_make_{name}()" if default == "_absent" else default
        else:
            continue
        lines.append(f" self.{name} = {value}")
    if hasattr(ready, "__post_init__"):
        lines.append(" self.__post_init__()")
    parameters = ", ".join(["self", *by_place, *(["*", *by_name] if by_name else [])])
    exec("\n".join([f"def __init__({parameters}):", *(lines or [" pass"])]), space)  # noqa: S102  as the standard one does
    made = space["__init__"]
    assert isinstance(made, FunctionType)
    made.__qualname__ = f"{ready.__qualname__}.__init__"
    return made


def _comparing(ready: type, own: dict[str, object], *, frozen: bool) -> None:
    """Gives a class `__eq__` and `__hash__`, where its text (`own`) has none: by value, and no hash for what may change."""

    def first_equal(self: object, other: object) -> bool:
        compared = _getter([name for name, each in _fields(ready).items() if each.compare])

        def equal(self: object, other: object) -> bool:
            if other.__class__ is not self.__class__:
                return NotImplemented  # type: ignore[no-any-return]
            return bool(compared(self) == compared(other))

        ready.__eq__ = equal  # type: ignore[assignment]
        return equal(self, other)

    def first_hash(self: object) -> int:
        all_fields = _fields(ready).items()
        hashed = _getter([name for name, each in all_fields if (each.compare if each.hash is None else each.hash)])

        def hash_of(self: object) -> int:
            return hash(hashed(self))

        ready.__hash__ = hash_of  # type: ignore[assignment]
        return hash_of(self)

    if "__eq__" not in own:
        ready.__eq__ = first_equal  # type: ignore[assignment]
    if own.get("__hash__") is None:
        ready.__hash__ = first_hash if frozen else None  # type: ignore[assignment]


def _getter(names: list[str]) -> Callable[[object], object]:
    """What gives the values of these fields, of one that has them."""
    return attrgetter(*names) if names else lambda _: ()


@recursive_repr()
def _shown(self: DataclassInstance) -> str:
    """`Name(field=value, …)`, without the fields that are not to be shown."""
    inside = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({inside})"


__all__ = ["dataclass"]
