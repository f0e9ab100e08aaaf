"""Why a step is not in the cache: the ingredients of its key beside those of a step like it that was made before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from stagemill.files.content import brief
from stagemill.oci.document import Json

Parts: TypeAlias = Iterable[tuple[str, str]]
"""What a content digest was made of: a path, and the facts about it."""

NEVER = "no step like it was made here"
NOWHERE = "no step like it was made here, or is in an imported cache"
_SHOWN = 24  # characters of a value
_MOST = 2  # names in one cause
_WORDS = {
    "args": "the command",
    "cwd": "the working directory",
    "user": "the user",
    "network": "the network",
    "platform": "the platform",
    "mounts": "the mounts",
    "security": "the security mode",
    "sources": "the sources",
    "destination": "the destination",
    "owner": "the owner",
    "mode": "the mode",
    "files": "the heredoc",
    "script": "the script",
    "path": "the path",
}


def of_operation(now: Json, before: Json) -> str | None:
    """What differs in the operations of two keys' ingredients, or None."""
    if not isinstance(now, dict) or not isinstance(before, dict):
        return None
    if now.get("kind") != before.get("kind"):
        return "it is another kind of step"
    if environment := _environment(now.get("env"), before.get("env")):
        return environment
    for name in now:
        if name != "env" and now[name] != before.get(name):
            return f"{_WORDS.get(name, f'its {name}')} changed"
    return None


def _environment(now: Json, before: Json) -> str | None:
    new, old = _pairs(now), _pairs(before)
    told = [_change(name, old.get(name), new.get(name)) for name in dict.fromkeys((*new, *old))]
    return _listed([text for text in told if text])


def _change(name: str, old: Json, new: Json) -> str | None:
    if old == new:
        return None
    if old is None:
        return f"{name} is new"
    if new is None:
        return f"{name} is gone"
    told = isinstance(old, str) and isinstance(new, str)
    return f"{name} was {_cut(str(old))}, is {_cut(str(new))}" if told else f"{name} changed"


def _pairs(value: Json) -> dict[str, Json]:
    """Variables; in place of a value that was left out stands something that is no text."""
    found: dict[str, Json] = {}
    for pair in value if isinstance(value, list) else ():
        match pair:
            case [str(name), text]:
                found[name] = text
    return found


def of_files(now: Parts, before: Parts) -> str | None:
    """Which files differ, or None."""
    new, old = ({path or ".": brief(facts) for path, facts in parts} for parts in (now, before))
    changed = [f"{path} changed" for path in sorted(new.keys() & old.keys()) if new[path] != old[path]]
    added = [f"{path} is new" for path in sorted(new.keys() - old.keys())]
    gone = [f"{path} is gone" for path in sorted(old.keys() - new.keys())]
    return _listed([*changed, *added, *gone])


def inputs(ingredients: Mapping[str, Json]) -> list[str]:
    """What the inputs count with in a key."""
    found: list[str] = []
    given = ingredients.get("inputs")
    for item in given if isinstance(given, list) else ():
        match item:
            case {"key": str(digest)} | {"content": str(digest)}:
                found.append(digest)
    return found


def _listed(texts: Sequence[str]) -> str | None:
    if not texts:
        return None
    more = f" and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    return ", ".join(texts[:_MOST]) + more


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
