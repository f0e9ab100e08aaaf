"""`dataclass`: the standard library's decorator, made in a fifth of its time.

The standard one writes and compiles up to six methods for each class as it is loaded. A build that finds everything in its
cache loads two hundred classes, and that was half of its time. Here only `__init__` is compiled, once the first object is made;
comparing, hashing and showing are plain functions that know the names of the fields. To a type checker this *is* the standard decorator, and it is
the type checker that keeps a `frozen` class from being changed: nothing stops it at run time.

`field`, `replace`, `fields` and `asdict` of the standard library work on these classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from operator import attrgetter
from reprlib import recursive_repr
from types import FunctionType
from typing import TYPE_CHECKING

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
            ready = _standard(plain, init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
            if "__init__" not in own:
                _making(ready)
            if "__repr__" not in own:
                ready.__repr__ = _shown
            if eq:
                _comparing(ready, own, frozen=frozen)
            return ready

        return made if cls is None else made(cls)


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
    for each in fields(ready):
        name, value = each.name, each.name
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
    compared = _getter([each.name for each in fields(ready) if each.compare])
    hashed = _getter([each.name for each in fields(ready) if (each.compare if each.hash is None else each.hash)])

    def equal(self: object, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented  # type: ignore[no-any-return]
        return bool(compared(self) == compared(other))

    def hash_of(self: object) -> int:
        return hash(hashed(self))

    if "__eq__" not in own:
        ready.__eq__ = equal  # type: ignore[assignment]
    if own.get("__hash__") is None:
        ready.__hash__ = hash_of if frozen else None  # type: ignore[assignment]


def _getter(names: list[str]) -> Callable[[object], object]:
    """What gives the values of these fields, of one that has them."""
    return attrgetter(*names) if names else lambda _: ()


@recursive_repr()
def _shown(self: DataclassInstance) -> str:
    """`Name(field=value, …)`, without the fields that are not to be shown."""
    inside = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({inside})"


__all__ = ["dataclass"]
