"""Scopes: which value a name has at one place of a Dockerfile, and the arguments that need no ARG.

Sources: BuildKit's Dockerfile reference, "Predefined ARGs" and "Automatic platform ARGs in the global scope"; its code
where a stage begins from another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from stagemill.oci.platform import Platform
from stagemill.values import dataclass

_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"})


def proxies(build_args: Mapping[str, str]) -> dict[str, str]:
    """What RUN sees of the predefined proxy arguments: given in any case, set in upper and in lower case."""
    given = {name.upper(): build_args[name] for name in sorted(build_args) if name.upper() in _PROXIES}
    both = [(form, value) for name, value in given.items() if value for form in (name, name.lower())]
    return dict(sorted(both))


def platform_args(*, target: Platform, stage: str) -> dict[str, str]:
    """The arguments that the global scope has by itself; `stage` is the target stage's name."""
    build = Platform.local()
    return {
        **_platform_args("BUILD", build, text=str(build)),
        **_platform_args("TARGET", target, text=target.full),
        "TARGETSTAGE": stage or "default",
    }


def _platform_args(prefix: str, platform: Platform, *, text: str) -> dict[str, str]:
    return {
        f"{prefix}PLATFORM": text,
        f"{prefix}OS": platform.os,
        f"{prefix}OSVERSION": platform.os_version,
        f"{prefix}ARCH": platform.architecture,
        f"{prefix}VARIANT": platform.variant,
    }


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a stage knows at one of its instructions.

    ARG and ENV share `values`, and the last instruction wins (traps 3). `args` are those that ARG declared, in the
    order of their first declaration, for the history; one that is not in `values` is declared without a value.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def with_env(self, name: str, value: str) -> Scope:
        return replace(self, values={**self.values, name: value})

    def with_arg(self, name: str, value: str | None) -> Scope:
        """Without a value the name keeps the one it has, if any."""
        args = self.args if name in self.args else (*self.args, name)
        values = self.values if value is None else {**self.values, name: value}
        return Scope(values, args)

    def begun(self, env: Iterable[tuple[str, str]]) -> Scope:
        """At the start of a stage that goes on from here: the config's ENV holds again where an ARG covered it."""
        return replace(self, values={**self.values, **dict(env)})
