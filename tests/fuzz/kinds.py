"""The fuzzers by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from fuzz.inputs import Fuzzer

NAMES = ("dockerfile", "ignore", "archive", "flags")
_MODULES: Mapping[str, str] = {
    "dockerfile": "fuzz.dockerfiles",
    "ignore": "fuzz.ignores",
    "archive": "fuzz.archives",
    "flags": "fuzz.flags",
    "broken": "fuzz.broken",  # what the tests of the harness look at
}


def fuzzer_of(name: str) -> Fuzzer:
    """A new one. Its module is loaded only now, for one needs little of what another does."""
    make: Callable[[], Fuzzer] = import_module(_MODULES[name]).fuzzer
    return make()
