"""Scopes: which value a name has at one place of a Dockerfile, and the arguments that need no ARG.

Sources: BuildKit's Dockerfile reference, "Predefined ARGs" and "Automatic platform ARGs in the global scope".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stagemill.oci.platform import Platform

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
PROXY_ARGS = frozenset(_PROXIES) | frozenset(name.lower() for name in _PROXIES)


def platform_args(*, target: Platform, stage: str) -> dict[str, str]:
    """The arguments that the global scope has by itself; `stage` is the target stage's name."""
    build = Platform.local()
    return {
        **_platform_args("BUILD", build),
        **_platform_args("TARGET", target),
        "TARGETSTAGE": stage or "default",
    }


def _platform_args(prefix: str, platform: Platform) -> dict[str, str]:
    return {
        f"{prefix}PLATFORM": str(platform),
        f"{prefix}OS": platform.os,
        f"{prefix}OSVERSION": platform.os_version,
        f"{prefix}ARCH": platform.architecture,
        f"{prefix}VARIANT": platform.variant,
    }


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a stage knows at one of its instructions.

    ARG and ENV share `values`, and the last instruction wins (traps 3). `args` are those that ARG declared, in order,
    for the history; a name in `args` that is not in `values` is declared without a value.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def with_env(self, name: str, value: str) -> Scope:
        return replace(self, values={**self.values, name: value})

    def with_arg(self, name: str, value: str | None) -> Scope:
        """ARG: a later declaration of the same name takes its place."""
        args = (*(arg for arg in self.args if arg != name), name)
        if value is None:
            return replace(self, args=args)
        return Scope({**self.values, name: value}, args)
