"""`Needs`: what a program needs of the system around it, as its own file tells. Source: elf(5), ld.so(8).

A dynamic program names its interpreter and its libraries. What a static one asks of a system can be told by what is linked
into it: a function that starts other programs, makes temporary files, or looks up users, hosts or time zones.
"""

from __future__ import annotations

import mmap
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Command
from stagemill.errors import StagemillError
from stagemill.files.glob import expand
from stagemill.files.paths import clean, resolve
from stagemill.files.view import FileView
from stagemill.lint import shell
from stagemill.values import dataclass

SHELLS = frozenset({"sh", "bash", "dash", "ash"})
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ELF = b"\x7fELF"
_GO = b" Go buildinf:"

# What is in a program that asks something of a system which an empty image has not.
_WANTS: Mapping[bytes, str] = {
    b"os/exec.(*Cmd).Start": "starts other programs",
    b"os.CreateTemp": "makes temporary files",
    b"os.MkdirTemp": "makes temporary files",
    b"/bin/sh\0": "starts a shell",
    b"/etc/nsswitch.conf\0": "looks up names by modules that it loads from the system",
    b"os/user.lookup": "looks up users",
    b"std/src/sys/process": "may start other programs",
    b"/tmp\0": "makes temporary files",
}
# The same by the functions of C that are linked into it, where their names were not stripped.
_CALLS: Mapping[str, str] = {
    **dict.fromkeys(("system", "popen", "posix_spawn", "posix_spawnp", "execve", "execvp", "execv", "execl", "execlp"), "starts other programs"),
    **dict.fromkeys(("mkstemp", "mkstemp64", "mkdtemp", "tmpfile", "tmpfile64", "tmpnam"), "makes temporary files"),
    **dict.fromkeys(("getpwnam", "getpwuid", "getgrnam", "getgrgid"), "looks up users"),
    **dict.fromkeys(("getaddrinfo", "gethostbyname", "getservbyname"), "looks up names by modules that it loads from the system"),
}  # fmt: skip
_FILES: Mapping[bytes, tuple[str, str]] = {
    b"/etc/ssl/certs/ca-certificates.crt": ("/etc/ssl/certs/ca-certificates.crt", "It trusts these certificates, as it did before."),
    b"time.LoadLocation": ("/usr/share/zoneinfo", "It looks up time zones."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needs:
    """`interpreter` is the program loader, `libraries` are names as the linker wrote them, `search` where they are looked for first.

    `wants` say in words what a program asks of a system, `files` which of the system's files it reads, and why.
    """

    interpreter: str = ""
    libraries: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    @property
    def dynamic(self) -> bool:
        return bool(self.interpreter or self.libraries)


def needs(view: FileView, path: str) -> Needs | None:
    """What a program or library at a path needs; None where it is none. Raises StagemillError without pyelftools."""
    found = resolve(view, clean(path))
    entry = view.lstat(found)
    if entry is None or entry.kind != "file":
        return None
    place = view.real_path(found)
    if not is_elf(place):
        return None
    dynamic = _dynamic(place, "/" + posixpath.dirname(found))
    if dynamic.dynamic:
        return dynamic
    with place.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        wants = dict.fromkeys(text for sign, text in _WANTS.items() if data.find(sign) >= 0)
        files = tuple(found for sign, found in _FILES.items() if data.find(sign) >= 0)
        names = frozenset[str]() if data.find(_GO) >= 0 else _symbols(place)
    if "__libc_start_main" in names and not any(name.startswith("_ZN3std") for name in names):
        wants = dict.fromkeys(text for name, text in _CALLS.items() if name in names)
    return Needs(wants=tuple(wants), files=files)


def is_program(view: FileView, path: str) -> bool:
    """Whether a path is that of a compiled program."""
    found = resolve(view, clean(path))
    entry = view.lstat(found)
    return entry is not None and entry.kind == "file" and is_elf(view.real_path(found))


def called(view: FileView, path: str) -> tuple[str, ...]:
    """The programs that a shell script calls, as it writes them, each once; none where a file is no such script."""
    words = interpreter(view, path)
    if not path.endswith(".sh") and not (words and words[-1].rpartition("/")[2] in SHELLS):
        return ()
    found = resolve(view, clean(path))
    entry = view.lstat(found)
    if entry is None or entry.kind != "file":
        return ()
    text = view.real_path(found).read_text("utf-8", "replace")
    commands = shell.of_command(Command(None, text, Span(1, 1, 1, 1)))
    names = dict.fromkeys(command.texts[0] for command in commands if command.texts)
    return tuple(name for name in names if not set("$`*?") & set(name))


def is_elf(place: Path) -> bool:
    """Whether a file begins as a program does."""
    with place.open("rb") as file:
        return file.read(4) == _ELF


def _dynamic(place: Path, origin: str) -> Needs:
    """The interpreter, and what DT_NEEDED, DT_RPATH and DT_RUNPATH say."""
    try:
        from stagemill.split import elf  # noqa: PLC0415  it needs a library that only splitting needs
    except ImportError as error:
        hint = "install it: pip install 'stagemill[split]'"
        raise StagemillError("reading programs needs pyelftools, which is not installed", hint=hint) from error
    found = elf.read(place)
    return Needs(found.interpreter, found.libraries, tuple(_from_origin(part, origin) for part in found.search))


def _symbols(place: Path) -> frozenset[str]:
    from stagemill.split import elf  # noqa: PLC0415  see above

    return elf.symbols(place)


def _from_origin(text: str, origin: str) -> str:
    plain = text.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
    return posixpath.normpath(plain)


def find(view: FileView, name: str, directories: Iterable[str]) -> str:
    """Where a program lies that is looked for by its name, below the root; empty where it does not."""
    for directory in directories:
        path = clean(f"{directory}/{name}")
        entry = view.lstat(resolve(view, path))
        if entry and entry.kind == "file" and entry.mode & 0o111:
            return path
    return ""


def interpreter(view: FileView, path: str) -> tuple[str, ...]:
    """The words behind `#!` of a script; none where a file is no script."""
    found = resolve(view, clean(path))
    entry = view.lstat(found)
    if entry is None or entry.kind != "file":
        return ()
    with view.real_path(found).open("rb") as file:
        head = file.readline(256)
    return tuple(head[2:].decode("utf-8", "replace").split()) if head.startswith(b"#!") else ()


def library_places(view: FileView) -> tuple[str, ...]:
    """Where a system looks for libraries: what ld.so.conf names, and what it knows by itself."""
    found = configured(view)
    machine = [
        f"usr/lib/{name}" for name in view.listdir("usr/lib") if name.endswith(("-linux-gnu", "-linux-gnueabihf"))
    ]
    return tuple(
        dict.fromkeys(
            [
                *found,
                *machine,
                *(each.removeprefix("usr/") for each in machine),
                "lib",
                "usr/lib",
                "lib64",
                "usr/lib64",
                "usr/local/lib",
            ]
        )
    )


def configured(view: FileView) -> tuple[str, ...]:
    """The directories that ld.so.conf names, for the list that ldconfig makes."""
    return tuple(_configured(view, "etc/ld.so.conf", set()))


def _configured(view: FileView, path: str, seen: set[str]) -> Iterator[str]:
    entry = view.lstat(path)
    if entry is None or entry.kind != "file" or path in seen:
        return
    seen.add(path)
    for line in view.real_path(path).read_text("utf-8", "replace").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("include "):
            for included in expand(view, clean(text.removeprefix("include ").strip())):
                yield from _configured(view, included, seen)
        elif text:
            yield clean(text)


def library(view: FileView, name: str, search: Iterable[str], places: Iterable[str]) -> str:
    """Where a library is found, below the root; empty where it is not."""
    if "/" in name:
        return clean(name) if view.lstat(resolve(view, clean(name))) else ""
    for directory in (*search, *places):
        path = clean(f"{directory}/{name}")
        if view.lstat(resolve(view, path)):
            return path
    return ""
