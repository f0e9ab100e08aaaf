"""`use` and `renew`: the code of the modules that builds load in one file, so that they need not be looked for in directories.

It lies beside the compiled modules, in `__pycache__`, and is believed as they are: a module comes from it as long as its source
has the size and the time that it had. Of another interpreter, or another `sys.path`, it is none. It is small and loaded
before anything else.
"""

from __future__ import annotations

import marshal
import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType, ModuleType
    from typing import TypeAlias

    Entry: TypeAlias = tuple[str, int, int, bool, int, int]
    """The path of a source, its time in nanoseconds, its size; whether it is a package; where its code is, and how many bytes."""

_HEAD = 8  # bytes that say how long the index is
_WORTH = 16  # modules that are missing, for which a new file is written
_DAMAGED = (OSError, ValueError, EOFError, TypeError, LookupError)


class Bundle:
    """A finder of modules, as `sys.meta_path` has them."""

    def __init__(self, path: str) -> None:
        """One that has none, yet, of its file; without a path it never has. What decides which modules are loaded, and what their code
        is, is as it is now.
        """
        self.path = path
        self.circumstances = (sys.version, sys.flags.optimize, tuple(sys.path))
        self._file = -1
        self._index: dict[str, Entry] = {}
        self._begin = 0

    def open(self) -> None:
        """It has what is in the file. Raises one of `_DAMAGED` where that is of no use."""
        file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            length = int.from_bytes(os.pread(file, _HEAD, 0), "little")
            head = os.pread(file, length, _HEAD) if length < os.fstat(file).st_size else b""
            circumstances, index = marshal.loads(head)  # noqa: S302 - believed as what Python itself compiles
            if circumstances == self.circumstances:
                self._file, self._index, self._begin = file, index, _HEAD + length
        finally:
            if self._file != file:
                os.close(file)

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        entry = self._index.get(fullname)
        if entry is None or not _is_as_before(entry):
            return None
        source, _, _, package, begin, size = entry
        loader = _Loader(fullname, source, (self._file, self._begin + begin, size))
        spec = ModuleSpec(fullname, loader, origin=source, is_package=package)
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(os.path.dirname(source))
        return spec

    def has(self, name: str) -> bool:
        return name in self._index and _is_as_before(self._index[name])

    def modules(self) -> dict[str, Module]:
        """Those that are still what they were."""
        return {
            name: Module(entry[:4], os.pread(self._file, entry[5], self._begin + entry[4]))
            for name, entry in self._index.items()
            if _is_as_before(entry)
        }


class Module:
    """Of one module what `Entry` says first, and its code in bytes."""

    def __init__(self, facts: tuple[str, int, int, bool], code: bytes) -> None:
        self.facts = facts
        self.code = code

    @classmethod
    def of(cls, spec: ModuleSpec) -> Module | None:
        """None where it has no source that a file could name, or has none any more."""
        source, loader = spec.origin or "", spec.loader
        if not os.path.isabs(source) or not isinstance(loader, SourceFileLoader):
            return None
        try:
            status = os.stat(
                source
            )  # before it is read: who writes to it meanwhile makes this entry one that is not used
            code = loader.get_code(spec.name)
        except (OSError, SyntaxError):
            return None
        package = spec.submodule_search_locations is not None
        return cls((source, status.st_mtime_ns, status.st_size, package), marshal.dumps(code)) if code else None


class _Loader(SourceFileLoader):
    """That of sources, which knows where else their code is."""

    def __init__(self, fullname: str, path: str, place: tuple[int, int, int]) -> None:
        super().__init__(fullname, path)
        self._place = place

    def get_code(self, fullname: str) -> CodeType | None:
        file, begin, size = self._place
        try:
            code: CodeType = marshal.loads(os.pread(file, size, begin))  # noqa: S302 - as above
        except _DAMAGED:
            return super().get_code(fullname)
        return code


def use() -> Bundle:
    """From here on modules come from the file, where there is one."""
    found = Bundle(_path())
    try:
        found.open()
    except _DAMAGED:
        return found
    sys.meta_path.insert(0, found)
    return found


def renew(used: Bundle) -> None:
    """Where many modules came from elsewhere, the next time they come from the file. Where it cannot be written, nothing happens."""
    missing = [spec for spec in _specs() if type(spec.loader) is SourceFileLoader and not used.has(spec.name)]
    if sys.dont_write_bytecode or not used.path or len(missing) < _WORTH:
        return
    try:
        modules = used.modules()
        for spec in missing:
            if module := Module.of(spec):
                modules[spec.name] = module
        new = f"{used.path}.{os.getpid()}"
        with open(new, "wb") as file:
            file.writelines(_pieces(modules, used.circumstances))
            file.flush()
            os.fsync(file.fileno())  # code is not looked through when it is read
        os.replace(new, used.path)
    except _DAMAGED:
        return


def _pieces(modules: dict[str, Module], circumstances: tuple[str, int, tuple[str, ...]]) -> Iterator[bytes]:
    index: dict[str, Entry] = {}
    begin = 0
    for name, module in modules.items():
        index[name] = (*module.facts, begin, len(module.code))
        begin += len(module.code)
    head = marshal.dumps((circumstances, index))
    yield len(head).to_bytes(_HEAD, "little")
    yield head
    for module in modules.values():
        yield module.code


def _specs() -> Iterator[ModuleSpec]:
    """Of the modules that are loaded."""
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if spec and spec.name == name:
            yield spec


def _path() -> str:
    """Empty where modules are not kept compiled, and for `python -m`, whose modules depend on where it is called."""
    spec = sys.modules["stagemill"].__spec__
    try:
        here = os.getcwd()
    except OSError:  # it is gone
        return ""
    if spec is None or not spec.cached or sys.path[:1] in ([""], [here]):
        return ""
    return os.path.join(os.path.dirname(spec.cached), f"modules.{sys.implementation.cache_tag}.bin")


def _is_as_before(entry: Entry) -> bool:
    try:
        status = os.stat(entry[0])
    except OSError:
        return False
    return (status.st_mtime_ns, status.st_size) == entry[1:3]
