"""What the locks of npm, yarn and pnpm say of development: the places, or the names, of packages that nothing else needs.

npm's lock marks each place. Those of yarn and pnpm only say who needs whom: what the dependencies of the projects do not
lead to, by name, is for development, and a name that they lead to in any version is not. Sources: npm, "package-lock.json";
yarn, "yarn.lock"; pnpm, the lockfile's specification.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from stagemill.files.paths import join

Document: TypeAlias = Mapping[str, object]
_NAME = re.compile(r"/?((?:@[^/@]+/)?[^/@(]+)")
_ALIAS = re.compile(r"/?((?:@[^/@(]+/)?[^/@(:]+)@")
_NEEDED = ("dependencies", "optionalDependencies", "peerDependencies")


def places(data: bytes) -> Iterator[str]:
    """The places of packages for development in a lock of npm, relative to it."""
    document = parsed(data)
    for place, facts in table(document.get("packages")).items():
        if place and table(facts).get("dev") is True:
            yield place
    if "packages" not in document:
        yield from _first_form(document, "")


def _first_form(document: Document, above: str) -> Iterator[str]:
    """The same of npm before 7, whose packages are in each other."""
    for name, facts in table(document.get("dependencies")).items():
        place = join(above, f"node_modules/{name}")
        if table(facts).get("dev") is True:
            yield place
        yield from _first_form(table(facts), place)


def names(lock: bytes, manifest: bytes) -> set[str]:
    """The names in a lock of yarn or pnpm that nothing but development leads to. `manifest` is the package.json beside it.

    None where these two do not tell: where the manifest says nothing of development, and where yarn's lock is of several
    workspaces, whose needs are in manifests of their own.
    """
    text = lock.decode("utf-8", "replace")
    needs = _edges(text)
    importers = list(_importers(text))
    if importers:
        develops = any(section == "devDependencies" for section, _ in importers)
        roots = [name for section, name in importers if section != "devDependencies"]
    else:
        document = parsed(manifest)
        develops = bool(document.get("devDependencies")) and not document.get("workspaces")
        roots = [name for key in _NEEDED for name in table(document.get(key))]
    return set(needs) - reached(roots, needs) if develops else set()


def reached(roots: Iterable[str], needs: Mapping[str, Collection[str]]) -> set[str]:
    """All names that some lead to."""
    found: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += needs.get(name, ())
    return found


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line that says something, and how deep it stands."""
    for line in text.splitlines():
        content = line.strip()
        if content and not content.startswith("#"):
            yield len(line) - len(line.lstrip()), content


def _importers(text: str) -> Iterator[tuple[str, str]]:
    """The sections of the projects in a lock of pnpm, each with the name of a package that it needs."""
    inside, section, pending = False, "", ""
    for depth, content in _lines(text):
        if depth == 0:
            inside = content == "importers:"
        elif inside and depth == 4 and content.endswith(":"):
            section = content[:-1]
        elif inside and depth == 6:
            pending = _first_name(content)
            yield section, pending
        elif inside and depth == 8 and content.startswith("version:") and (name := _alias(content)):
            yield section, name


def _edges(text: str) -> dict[str, set[str]]:
    """Who needs whom in a lock of yarn or pnpm, by name: a package's line ends with a colon, what it needs stands deeper."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    deep = 2 if re.search(r"^(?:packages|snapshots):", text, re.MULTILINE) else 0
    package, needing, in_section = "", False, deep == 0
    for indent, content in _lines(text):
        if deep and indent == 0:
            package, in_section = "", content in {"packages:", "snapshots:"}
        elif in_section and indent == deep and content.endswith((":", ": {}")):
            package, needing = _first_name(content), False
            if package:
                found[package]
        elif package and indent == deep + 2:
            needing = content in {"dependencies:", "optionalDependencies:"}
        elif package and needing and indent == deep + 4 and (name := _first_name(content)):
            found[package].add(name)
            if deep and (alias := _alias(content)):
                found[package].add(alias)
    return dict(found)


def _first_name(content: str) -> str:
    """The name at the beginning of a line, without its version."""
    match = _NAME.match(content.lstrip("\"'"))
    return re.split(r"[\s:\"',]", match[1], maxsplit=1)[0] if match else ""


def _alias(content: str) -> str:
    """The package that stands behind another name: pnpm writes it with its version, as `string-width@4.2.3`."""
    match = _ALIAS.match(content.partition(": ")[2].strip("\"' "))
    return match[1] if match else ""


def parsed(data: bytes) -> Document:
    """A JSON object, empty for what is none."""
    try:
        return table(json.loads(data))
    except (ValueError, RecursionError):
        return {}


def table(value: object) -> Document:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}
