"""The pipelines of docs/ci.md: the documents in it, and the command lines in them, as the systems would give them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

LANGUAGES = ("yaml", "groovy", "toml", "dockerfile")
SYSTEMS = ("GitHub Actions", "GitLab CI", "Jenkins", "Kubernetes")
_CALL = re.compile(r"(^|[|&;] *)stagemill ")


def section(text: str, name: str) -> str:
    """What stands below a heading."""
    return re.split(r"^## ", text.partition(f"\n## {name}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def lines(text: str) -> Iterator[str]:
    """The command lines of the program in the pipelines of a page."""
    for document in blocks(text, "yaml"):
        for found in yaml.safe_load_all(document):
            yield from _called(found)
    for document in blocks(text, "groovy"):
        plain = re.sub(r"\\\n\s*", "", document)
        scripts = [*re.findall(r"sh '''(.*?)'''", plain, re.DOTALL), *re.findall(r"sh '(?!')([^\n]*)'", plain)]
        for script in scripts:
            yield from _of_script(script)


def _called(found: Any) -> Iterator[str]:
    """Those in the texts of a document, and in containers of Kubernetes, whose words are lists."""
    if isinstance(found, str):
        yield from _of_script(found)
    elif isinstance(found, list):
        for item in found:
            yield from _called(item)
    elif isinstance(found, Mapping):
        if isinstance(found.get("command"), list):
            yield shlex.join([*found["command"], *found.get("args", [])])
        for key, item in found.items():
            if key not in {"command", "args"}:
                yield from _called(item)


def _of_script(script: str) -> Iterator[str]:
    """The lines of a script in which the program is called; a backslash at the end joins two."""
    joined = re.sub(r"\\\n\s*", "", script)
    return (line.strip() for line in joined.splitlines() if _CALL.search(line.strip()))
