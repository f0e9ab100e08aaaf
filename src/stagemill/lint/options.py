"""`Options`: which rules a Dockerfile wants to be asked, by `# check=` at its top or above an instruction, or by a build argument.

Source: BuildKit, frontend/dockerfile/linter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import DockerfileError, UsageError
from stagemill.regex import regex
from stagemill.values import dataclass

ARGUMENT = "BUILDKIT_DOCKERFILE_CHECK"

_MOST_PARTS = 3
_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}
_COMMENT = regex(r"check\s*=\s*(\S+)", re.IGNORECASE)
_HINT = "write skip=RULE,RULE or skip=all, experimental=RULE or experimental=all, error=true, with ; between them"


@dataclass(frozen=True, slots=True)
class Options:
    """`skip` and `experimental` are names of rules, or `all`; `error` makes a build fail where a rule finds something."""

    skip: frozenset[str] = frozenset()
    experimental: frozenset[str] = frozenset()
    error: bool = False

    @classmethod
    def parse(cls, text: str) -> Options:
        """Raises ValueError with what is wrong. Unknown names of rules are none of our business: they may be newer."""
        found = cls()
        if not text.strip():
            return found
        for part in text.split(";", _MOST_PARTS - 1):
            key, equals, value = part.partition("=")
            key, value = key.strip(), value.strip()
            if not equals or key not in {"skip", "experimental", "error"}:
                raise ValueError(f"invalid check option {(key if equals else part)!r}")
            if key == "error":
                if value not in _TRUE | _FALSE:
                    raise ValueError(f"the check option error is true or false, not {value!r}")
                found = replace(found, error=value in _TRUE)
            else:
                names = frozenset(name.strip() for name in value.split(","))
                found = replace(found, skip=names) if key == "skip" else replace(found, experimental=names)
        return found

    @classmethod
    def of(cls, dockerfile: Dockerfile, build_args: Mapping[str, str]) -> Options:
        """Those of a build; the argument takes the place of the directive.

        Raises DockerfileError where the directive is wrong, UsageError where the argument is.
        """
        given = build_args.get(ARGUMENT)
        if given is not None:
            try:
                return cls.parse(given)
            except ValueError as error:
                raise UsageError(f"--build-arg {ARGUMENT}: {error}", hint=_HINT) from error
        directive = dockerfile.directive("check")
        if directive is None:
            return cls()
        try:
            return cls.parse(directive.value.split(" ")[0])
        except ValueError as error:
            raise DockerfileError(str(error), at=dockerfile.source.excerpt(directive.span), hint=_HINT) from error

    def above(self, comments: Iterable[str]) -> Options:
        """With what a comment `# check=…` above an instruction adds for it alone; one that is wrong adds nothing."""
        for comment in comments:
            match = _COMMENT.match(comment)
            if match:
                try:
                    more = Options.parse(match[1])
                except ValueError:
                    return self
                return self.with_experimental(more.experimental, skip=more.skip)
        return self

    def with_experimental(self, names: Iterable[str], *, skip: Iterable[str] = ()) -> Options:
        return replace(self, skip=self.skip.union(skip), experimental=self.experimental.union(names))

    def allow(self, names: Iterable[str], *, experimental: bool) -> bool:
        """Whether a rule is to be asked, by its name or another one.

        Those that are experimental are asked for by name, and not skipped.
        """
        called = {"all", *names}
        if experimental:
            return not self.experimental.isdisjoint(called)
        return self.skip.isdisjoint(called)
