"""Small documents that come from others: source policies, config.toml, files of logins, indexes of caches, answers of registries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from fuzz.outcomes import outcome
from stagemill.attest import licenses
from stagemill.cache.contents import CacheContents
from stagemill.registry import challenge, config
from stagemill.registry.login_file import LoginFile
from stagemill.sandbox import limits, subordinate
from stagemill.sources import policy_file


def _values(parse: Callable[[str], object]) -> Callable[[str], None]:
    """For what says by ValueError that a text is none."""

    def check(text: str) -> None:
        try:
            parse(text)
        except ValueError as error:
            if (
                type(error) is not ValueError
                and "Malformed" not in type(error).__name__
                and "invalid literal" not in str(error)
            ):
                raise

    return check


def _config(text: str) -> None:
    outcome(lambda: config.parse(text, path=Path("config.toml")))
    outcome(lambda: config.largest_download(text, path=Path("config.toml")))


def _logins(text: str) -> None:
    file = LoginFile(Path("config.json"), text=text)
    outcome(lambda: file.find("a.example/team/app"))
    outcome(file.places)


def _subordinate(text: str) -> None:
    found = subordinate.ranges(text, user="a", uid=0)
    subordinate.mapping(0, found)
    subordinate.line_to_add(text, user="a")


CHECKS: Mapping[str, Callable[[str], None]] = {
    "policy": lambda text: _ignored(outcome(lambda: policy_file.parse(text, "policy.json"))),
    "config": _config,
    "logins": _logins,
    "contents": _values(lambda text: CacheContents.parse(text.encode("utf-8", "surrogateescape"))),
    "challenge": lambda text: _ignored(challenge.parse(text)),
    "license": lambda text: _ignored(licenses.expression(text)),
    "cpuset": _values(limits.numbers),
    "size": _values(limits.size),
    "subuid": _subordinate,
}


def _ignored(_result: object) -> None:
    pass
