"""Little languages: values of `--mount` and of the command line's flags, names of images, URLs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from fakes.images import FakeImages
from fakes.tree import MemoryTree
from fuzz import command_line, documents, seeds
from fuzz.inputs import Input
from fuzz.mutate import Mutations
from fuzz.outcomes import outcome
from stagemill.cli.given import flags, platforms
from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError, redacted
from stagemill.execute import chmod, ownership
from stagemill.graph import operations
from stagemill.graph.vertex import walk
from stagemill.location import GitLocation, HttpLocation, Location, LocationError, repository
from stagemill.location import parse as locate
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import FileContext, Request

_CONTEXT = MemoryTree(
    {"a": "1", "etc/passwd": "root:x:0:0:::\n:::\nbad\napp:x:9:8::\nbig:x:99999999999:1::\n", "etc/group": "app:x:8:\n"}
)


def _planned(text: str) -> Plan | None:
    request = Request(platform=Platform.local(), context=FileContext(_CONTEXT), allow=frozenset({"security.insecure"}))
    images = FakeImages(busybox=RunConfig())
    tree = outcome(lambda: parse(text.encode("utf-8", "surrogateescape")), placed=True)
    found = tree if isinstance(tree, StagemillError) else outcome(lambda: plan(tree, request, images), placed=True)
    return None if isinstance(found, StagemillError) else found


def _mount(text: str) -> None:
    _planned(f"FROM busybox AS one\nFROM busybox\nRUN --mount={text} x\n")


def _chmod(text: str) -> None:
    if found := _planned(f"FROM busybox\nCOPY --chmod={text} a /b\n"):
        for vertex in walk([found.target.vertex]):
            if isinstance(vertex.op, operations.Copy):
                mode = chmod.parse(vertex.op.mode)
                assert 0 <= mode.apply(0o640, directory=False) <= 0o7777
                assert 0 <= mode.apply(0o750, directory=True) <= 0o7777


def _chown(text: str) -> None:
    _planned(f"FROM busybox\nCOPY --chown={text} a /b\n")
    outcome(lambda: ownership.find(text, _CONTEXT, flag="--chown"))


def _location(text: str) -> None:
    redacted(text)
    found = _located(text)
    if isinstance(found, HttpLocation):
        assert "/" not in found.name
        assert found.host
        found.url.encode()
    if isinstance(found, GitLocation):
        assert not found.remote.startswith("-")
        assert not found.ref.startswith(("-", "+"))
        assert ".." not in found.subdir.split("/")
        assert repository(found.remote).remote == found.remote


def _located(text: str) -> Location | None:
    try:
        return locate(text)
    except LocationError as error:
        explained = bool(error.message and error.hint)
    assert explained
    return None


def _reference(text: str) -> None:
    found = outcome(lambda: flags.reference(text))
    if not isinstance(found, StagemillError):
        assert Reference.parse(str(found)) == found
        assert Reference.parse(found.familiar) == found


def _platform(text: str) -> None:
    outcome(lambda: platforms.parse([text]))
    found = outcome(lambda: flags.any_platform(text))
    if not isinstance(found, StagemillError):
        assert Platform.parse(str(found)) == replace(found, os_version="", os_features=())


_TEXTS: Mapping[str, Callable[[str], None]] = {
    "mount": _mount, "chmod": _chmod, "chown": _chown, "location": _location, "reference": _reference, "platform": _platform,
}  # fmt: skip
_CHECKS = {
    **_TEXTS,
    **{f"{name} again": check for name, check in _TEXTS.items()},
    **documents.CHECKS,
    **command_line.CHECKS,
}
_NAMES = tuple(_CHECKS)


_KEYS = (
    "type", "id", "src", "source", "env", "target", "dst", "destination", "from", "ro", "rw", "readonly", "required", "sharing", "size", "mode",
    "uid", "gid", "dest", "name", "tar", "push", "compression", "compression-level", "force-compression", "oci-mediatypes", "store", "unpack",
    "dangling-name-prefix", "registry.insecure", "prefer-nondist-layers", "rewrite-timestamp", "format", "ignorestatus", "TYPE", " type", "typ", "",
)  # fmt: skip
_VALUES = (
    "bind", "cache", "tmpfs", "secret", "ssh", "oci", "docker", "local", "image", "registry", "zstd", "gzip", "delete", "true", "false", "1", "0", "/", "/m", "../x", "one",
    "$A", "${A:?no}", "0755", "99999", "1m", "1.5g", "9" * 30, "-1", "shared", "locked", "x", "", "A", "TOKEN", "/etc/hosts", "/nosuch", "/dev/null",
    "a b", '"', "'", "é", "\udcff", "\x1b[2J", "\0", "\n", "json", "a=b", "٣",
)  # fmt: skip
_PIECES = (
    "https://", "http://", "git://", "ssh://", "git@", "docker-image://", "oci-layout://", "target:", "github.com/", "h", "localhost", ":", "/", "//",
    "a", "A", "b", ".git", ".", "..", "#", "?", "&", "ref=", "tag=", "branch=", "subdir=", "checksum=", "keep-git-dir", "%2e%2e", "%0a", "%", "@",
    "u:p@", "[", "]", "[::1]", "1.2.3.4", "fe80::1%eth0", "=", "==", ",", ",,", "-", "+", "_", "5000", "latest", "sha256:" + "0" * 64, "linux/",
    "amd64", "arm/v7", "u+x", "g=u", "a-rwx", "0755", "root:", "app", "65536", "default", "network.host", "security.insecure", "Bearer realm=", "é",
    "{{", "}}", "{{.ID}}", ".Names", "range ", "if ", "else", "end", "|", "json", "printf ", "%q", "%*d", "index ", "len ", "$x := ", "table ", "(", ")",
    '{"rules": [', '{"action": "CONVERT"', '"selector": {"identifier": "*", "match_type": "REGEX"}', "}]}", "true", "[registry.", "] \n", "mirrors = [",
    "nofile=", "1:2", "core=-1", "all", "cap_chown", "type=registry,ref=", "mode=max", "manifest:", "index[linux/amd64].", "8080:80/udp", "0-3", "0-99999999999", "1e9",
    '{"auths": {"a.example/team": {', '"auth": "', '"credsStore": "', '"identitytoken": ', "}}, ",
    " ", "\t", '"', "'", "\\", "$A", "\udcff", "\x7f", "scratch", "context", "::", "1700000000",
)  # fmt: skip
_WORDS = tuple(piece.encode("utf-8", "surrogateescape") for piece in (*_PIECES, *_VALUES) if piece)


class Flags:
    """One text, given to one of the languages."""

    def __init__(self) -> None:
        self._seeds = seeds.words_of_flags()
        self._mutations = Mutations(_WORDS, self._seeds, most=1 << 12)

    def make(self, rng: Random) -> Input:
        chance = rng.random()
        if chance < 0.35:
            text = ",".join(_option(rng) for _ in range(rng.randrange(1, 5)))
        elif chance < 0.8:
            text = "".join(rng.choice(_PIECES) for _ in range(rng.randrange(1, 9)))
        else:
            text = rng.choice(self._seeds).decode()
        data = text.encode("utf-8", "surrogateescape")
        return Input(self._mutations.of(data, rng) if rng.random() < 0.4 else data, rng.getrandbits(32))

    def check(self, given: Input) -> None:
        name = _NAMES[given.salt % len(_NAMES)]
        text = given.data.decode("utf-8", "surrogateescape")
        _CHECKS[name](text.replace("\0", "") if name in command_line.CHECKS else text)


def _option(rng: Random) -> str:
    key = rng.choice(_KEYS)
    text = key if rng.random() < 0.1 else f"{key}={rng.choice(_VALUES)}"
    return f'"{text}"' if rng.random() < 0.05 else text


def fuzzer() -> Flags:
    return Flags()
