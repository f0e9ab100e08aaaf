"""Patterns against paths: those of ignore files, of `--exclude` and `--parents`, and of the sources of COPY."""

from __future__ import annotations

from random import Random

from fakes.tree import MemoryTree, link
from fuzz import seeds
from fuzz.inputs import Input
from fuzz.mutate import Mutations
from fuzz.outcomes import outcome
from stagemill.context.ignore import IgnoreRules
from stagemill.errors import StagemillError
from stagemill.files import glob
from stagemill.files.content import content
from stagemill.files.exclusion import Exclusion, Inclusion
from stagemill.files.select import matches, walked
from stagemill.files.walk import walk
from stagemill.graph.vertex import Selection

_NAMES = (
    "a",
    "b",
    "ab",
    "a.b",
    ".a",
    "c",
    "foo",
    "src",
    "node_modules",
    "x.log",
    "é",
    "\udcff",
    "a b",
    "[a]",
    "a\nb",
    "-",
    "^",
    "aaaaaaaab",
)
_SIGNS = (
    "*", "**", "?", "[ab]", "[^a]", "[a-c]", "[^/]", "[]", "[", "]", "[a-", "[z-a]", "[[:alpha:]]", "[[:nosuch:]]", "[\\]]", "\\", "\\*",
    "!", "/", "//", "..", ".", "#", "^", "$", "+", "(", "|", "{", "a*a*a*a*a*b", "**/a/**/a/**/b", "*.log", "\t", "\r", "\x85",
)  # fmt: skip
_WORDS = tuple(word.encode("utf-8", "surrogateescape") for word in (*_NAMES, *_SIGNS, "\n", "\n!", "\n**/", "\n*/"))
_LONG = ("a" * 250, "ab" * 100, "/".join("a" * 100), "/".join(["ab"] * 60), "a/" * 30 + "c", "." * 200)


class Ignores:
    """The first line is a pattern of COPY, `--exclude` and `--parents`; the others are an ignore file."""

    def __init__(self) -> None:
        self._seeds = seeds.ignore_files()
        self._mutations = Mutations(_WORDS, self._seeds, most=1 << 11)

    def make(self, rng: Random) -> Input:
        if rng.random() < 0.4:
            data = _pattern(rng) + b"\n" + self._mutations.of(rng.choice(self._seeds), rng)
        else:
            data = b"\n".join(_line(rng) for _ in range(rng.randrange(1, 8)))
            data = self._mutations.of(data, rng) if rng.random() < 0.3 else data
        return Input(data, rng.getrandbits(32))

    def check(self, given: Input) -> None:
        rng = Random(given.salt)
        first, _, rest = given.data.decode("utf-8", "surrogateescape").partition("\n")
        view = _tree(rng)
        rules = outcome(lambda: IgnoreRules.parse(rest, ".dockerignore"))
        if not isinstance(rules, StagemillError):
            _rules_hold(rules, [*(path for path, _ in walk(view) if path), *(_path(rng) for _ in range(8))])
        outcome(lambda: glob.expand(view, first))
        assert glob.expand(view, glob.escaped("src/a")) == ["src/a"]
        outcome(lambda: Exclusion.of([first], name="--exclude").excluded("a/b"))
        outcome(lambda: Inclusion(first).included("a/b"))
        for select in (Selection((first,), (rest.partition("\n")[0],)), Selection((f"/./{first}",), parents=True)):
            _selection_holds(view, select)


def _rules_hold(rules: IgnoreRules, paths: list[str]) -> None:
    for path in paths:
        excluded = rules.excluded(path)
        above = path.rpartition("/")[0]
        assert rules.judge(above)(path) == excluded
        assert (rules.rule_for(path) is not None) == excluded
        if above and rules.excluded(above) and not rules.may_reinclude_below(above):
            assert excluded


def _selection_holds(view: MemoryTree, select: Selection) -> None:
    """What is selected is there, each path once for each source that selects it."""
    found = outcome(lambda: matches(view, select))
    if isinstance(found, StagemillError):
        return
    for match in found:
        names = [path for path, _, _ in walked(view, match)]
        assert len(names) == len(set(names))
        assert all(view.lstat(path) for path in names)
    outcome(lambda: content(view, select, owners=False))


def _tree(rng: Random) -> MemoryTree:
    paths = {_path(rng) for _ in range(rng.randrange(12))}
    files = {path: "x" for path in sorted(paths) if not any(other.startswith(f"{path}/") for other in paths)}
    return MemoryTree({**files, "src/a": "1", "l": link("src"), "loop": link("loop"), "out": link("/../..")})


def _path(rng: Random) -> str:
    if rng.random() < 0.05:
        return rng.choice(_LONG)
    return "/".join(rng.choice(_NAMES) for _ in range(rng.randrange(1, 5)))


def _line(rng: Random) -> bytes:
    return (b"!" if rng.random() < 0.25 else b"") + _pattern(rng)


def _pattern(rng: Random) -> bytes:
    words = [rng.choice(_SIGNS if rng.random() < 0.5 else _NAMES) for _ in range(rng.randrange(1, 5))]
    text = rng.choice(("", "/", "/")).join(words)
    if rng.random() < 0.05:
        text = rng.choice(("*a", "**/a", "a**", "?*", "[ab]*", "**/", "a*/", "**a")) * rng.randrange(
            2, 30
        ) + rng.choice(("", "b"))
    return text.encode("utf-8", "surrogateescape")


def fuzzer() -> Ignores:
    return Ignores()
