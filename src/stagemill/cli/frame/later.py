"""`load_later`: for a module of the standard library that a library imports, and hardly ever uses.

What `importlib.util.LazyLoader` gives is loaded by the second `import` already, which looks whether the module is there.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from threading import RLock
from types import ModuleType

_LOCK = RLock()
_WAITING: set[ModuleType] = set()


class _Later(ModuleType):
    """Becomes the module itself when anything of it is asked for."""

    def __getattr__(self, name: str) -> object:
        with _LOCK:
            if self in _WAITING:  # nobody has loaded it before us
                _WAITING.remove(self)
                self.__spec__.loader.exec_module(self)  # type: ignore[union-attr]  # see below
                self.__class__ = ModuleType  # type: ignore[assignment]  # a module of the ordinary kind
        return object.__getattribute__(self, name)


def load_later(name: str) -> None:
    """Whoever imports the module gets one that is loaded when it is needed. One that is loaded stays as it is."""
    spec = None if name in sys.modules else PathFinder.find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = _Later(name)
    module.__spec__ = spec
    _WAITING.add(module)
    sys.modules[name] = module
