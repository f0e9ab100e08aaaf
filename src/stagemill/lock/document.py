"""A lock as a file: TOML with one fact in a line, sorted, so that a change is a line of a diff that says what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.location import is_commit
from stagemill.lock.entries import (
    KINDS,
    Entry,
    Lock,
    LockedFile,
    LockedImage,
    LockedPackages,
    LockedRepository,
    LockedSnapshot,
    Variant,
)
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.regex import regex

Facts: TypeAlias = Mapping[str, object]

VERSION = 1
_HEADER = """\
# What the names in a Dockerfile stood for when `stagemill lock` wrote this. Commit it: `stagemill build --locked` has
# nothing else. `stagemill lock` adds what is missing and drops what is not needed, `stagemill lock --update` moves on.
version = 1
"""
_FULL_REF = regex(r"(refs/[^\x00-\x20\x7f~^:?*\[\\]+)?")
_MERGE = ("<<<<<<< ", "=======", ">>>>>>> ")


def serialize(lock: Lock) -> str:
    """The text of a lock; equal locks have equal texts."""
    return "\n".join([_HEADER, *("\n".join([f"[[{KINDS[type(entry)]}]]", *_lines(entry), ""]) for entry in lock)])


def _lines(entry: Entry) -> Iterator[str]:
    match entry:
        case LockedImage(name, digest, variants):
            yield from _pairs(name=name, digest=digest)
            if variants:
                yield "platforms = ["
                for each in sorted(variants, key=lambda variant: variant.platform):
                    facts = _pairs(platform=each.platform, digest=each.digest, size=each.size, created=each.created)
                    yield f"    {{ {', '.join(facts)} }},"
                yield "]"
        case LockedFile(url, digest, size):
            yield from _pairs(url=url, digest=digest, size=size)
        case LockedRepository(url, ref, commit, found, checksum):
            yield from _pairs(url=url, ref=ref, commit=commit, found=found, checksum=checksum)
        case LockedPackages(path, digest, context):
            yield from _pairs(path=path, digest=digest, context="" if context == "context" else context)
        case LockedSnapshot(manager, time):
            yield from _pairs(manager=manager, time=time)


def _pairs(**facts: str | int) -> Iterator[str]:
    """`key = value` each, without those that are empty."""
    return (
        f"{key} = {value if isinstance(value, int) else _quoted(value)}" for key, value in facts.items() if value != ""
    )


def _quoted(text: str) -> str:
    """A basic string. What is no UTF-8 is written as Python would. Source: TOML 1.0, "String"."""
    escaped = text.encode("utf-8", "backslashreplace").decode().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(c if c.isprintable() else _escape(c) for c in escaped)}"'


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 1 << 16 else f"\\U{ord(character):08x}"


def parse(text: str, name: str) -> Lock:
    """Raises UsageError where the file `name` is no lock, with the place."""
    import tomllib  # noqa: PLC0415  only builds that are locked need it

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(text, name, str(error)) from error
    version = document.pop("version", None)
    if version != VERSION:
        if isinstance(version, int) and version > VERSION:
            raise UsageError(f"{name} is of version {version}, and this stagemill reads {VERSION}", hint="update it")
        raise UsageError(f"{name} is no lock: it has no version", hint="write another one with stagemill lock")
    if unknown := sorted(document.keys() - _READERS.keys()):
        hint = f"known are {', '.join(_READERS)}"
        raise UsageError(f"{name} has {unknown[0]!r}, which is nothing of a lock", hint=hint)
    entries = [_entry(facts, kind, name) for kind in _READERS for facts in _tables(document.get(kind, []), kind, name)]
    seen: set[tuple[type, str]] = set()
    for entry in entries:
        if (type(entry), entry.key) in seen:
            raise UsageError(f"{name} has {entry.key} twice", hint="remove one of them, or run stagemill lock")
        seen.add((type(entry), entry.key))
    return Lock(tuple(entries))


def _unreadable(text: str, name: str, why: str) -> UsageError:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(_MERGE):
            hint = "take either side, and run stagemill lock to mend the rest"
            return UsageError(f"{name}:{number}: there is a conflict of a merge in the lock", hint=hint)
    lowered = f"{why[:1].lower()}{why[1:]}"
    return UsageError(f"{name} is no TOML: {lowered}", hint="correct it, or write another one with stagemill lock")


def _tables(found: object, kind: str, name: str) -> Iterator[Facts]:
    for table in found if isinstance(found, list) else [found]:
        if not isinstance(table, dict):
            raise UsageError(f"{name}: {kind} is no table", hint=f"write [[{kind}]]")
        yield {str(key): value for key, value in table.items()}


def _entry(facts: Facts, kind: str, name: str) -> Entry:
    try:
        return _READERS[kind](facts)
    except (KeyError, ValueError) as error:
        what = f"it has no {error.args[0]}" if isinstance(error, KeyError) else str(error)
        about = next((f" {value}" for value in facts.values() if isinstance(value, str)), "")
        hint = "correct it, or remove the table and run stagemill lock"
        raise UsageError(f"{name}: the {kind}{about} cannot be read: {what}", hint=hint) from error


def _image(facts: Facts) -> LockedImage:
    found = facts.get("platforms", [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError("its platforms are no list of tables")
    variants = [_variant({str(key): value for key, value in each.items()}) for each in found]
    name = _text(facts, "name")
    if str(Reference.parse(name)) != name:
        raise ValueError(f"its name is not complete: want {Reference.parse(name)}")
    return LockedImage(name, Digest(_text(facts, "digest")), tuple(variants))


def _variant(facts: Facts) -> Variant:
    created = _text(facts, "created") if "created" in facts else ""
    platform = _text(facts, "platform")
    if Platform.parse(platform).full != platform:
        raise ValueError(f"its platform {platform!r} is no normal form: want {Platform.parse(platform).full}")
    return Variant(platform, Digest(_text(facts, "digest")), _number(facts, "size"), created)


def _file(facts: Facts) -> LockedFile:
    return LockedFile(_text(facts, "url"), Digest(_text(facts, "digest")), _number(facts, "size"))


def _repository(facts: Facts) -> LockedRepository:
    more = {key: _text(facts, key) for key in ("found", "checksum") if key in facts}
    ref = _text(facts, "ref") if "ref" in facts else ""
    commit = _text(facts, "commit")
    if not is_commit(commit):
        raise ValueError(f"{commit!r} is no commit")
    if not _FULL_REF.fullmatch(more.get("found", "")):
        raise ValueError(f"{more['found']!r} is no full name of a ref")
    return LockedRepository(_text(facts, "url"), ref, commit, **more)


def _packages(facts: Facts) -> LockedPackages:
    context = {"context": _text(facts, "context")} if "context" in facts else {}
    return LockedPackages(_text(facts, "path"), Digest(_text(facts, "digest")), **context)


def _snapshot(facts: Facts) -> LockedSnapshot:
    return LockedSnapshot(_text(facts, "manager"), _text(facts, "time"))


_READERS: Mapping[str, Callable[[Facts], Entry]] = dict(
    zip(KINDS.values(), (_image, _file, _repository, _packages, _snapshot), strict=True)
)


def _text(facts: Facts, key: str) -> str:
    value = facts[key]
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")  # noqa: TRY004  one kind of error for what a file has wrong
    return value


def _number(facts: Facts, key: str) -> int:
    value = facts[key]
    if not isinstance(value, int):
        raise ValueError(f"{key} is no number")  # noqa: TRY004  as above
    return value
