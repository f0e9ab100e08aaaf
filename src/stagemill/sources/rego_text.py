"""What the text of a policy in Rego calls and reads, found before it is evaluated.

An evaluator takes a function that it does not know for one without an answer, so that `not verify(…)` would allow everything.
So what is called is compared with what there is first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from stagemill.regex import regex
from stagemill.values import dataclass

_TOKEN = regex(
    r"""\#[^\n]*|(?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"""
    r"""|(?P<sign>[{}\[\]()])|.""",
    re.DOTALL,
)
_CALLED = regex(r"[ \t]*\(")
_IMPORT = regex(r"^import[ \t]+(?P<what>[\w.]+)[^\n]*", re.MULTILINE)
_KEYWORDS = frozenset(
    {"as", "contains", "default", "else", "every", "if", "import", "in", "not", "package", "some", "with"}
)
FOREIGN = frozenset(
    {
        "artifact_attestation", "docker_github_builder", "docker_github_builder_bundle", "docker_github_builder_signature",
        "docker_github_builder_tag", "github_attestation", "github_release_attestation", "load_json", "opa.runtime",
        "pin_image", "print", "verify_git_signature", "verify_http_pgp_signature",
    }
)  # fmt: skip
"""Functions of buildx's policies, and of other evaluators, that there are not here, whoever would define them."""
_FOREIGN_FIELDS = frozenset({"hasProvenance", "pgpSignature", "provenance", "signatures", "sshSignature"})
_FOREIGN_OF_GIT = frozenset({"commit", "tag"})


@dataclass(frozen=True, slots=True)
class Absent(Exception):  # noqa: N818  a finding, which becomes an error with a place
    """Something that a policy needs and that is not there."""

    what: str


@dataclass(frozen=True)
class RegoText:
    """The text of a policy's file; `name` is its path."""

    name: str
    text: str

    @property
    def plain(self) -> str:
        """The text without the imports of what the language has anyway."""

        def without(match: re.Match[str]) -> str:
            return "" if match["what"] == "rego.v1" or match["what"].startswith("future.keywords") else match[0]

        return _IMPORT.sub(without, self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names as they are written, with their dots."""
        return frozenset(name for name, _, _ in self._names())

    @cached_property
    def defined(self) -> frozenset[str]:
        """The functions that the file has."""
        return frozenset(name for name, called, head in self._names() if called and head)

    @cached_property
    def called(self) -> frozenset[str]:
        return frozenset(name for name, called, _ in self._names() if called) - _KEYWORDS

    @cached_property
    def words(self) -> Counter[str]:
        """How often there is a name, without what follows its dot."""
        return Counter(name.partition(".")[0] for name, _, _ in self._names())

    @cached_property
    def negated(self) -> frozenset[str]:
        """The names behind `not`, without what follows their dots."""
        names = list(self._names())
        pairs = pairwise(names)
        return frozenset(
            name.partition(".")[0] for (before, _, _), (name, called, _) in pairs if before == "not" and not called
        )

    @cached_property
    def texts(self) -> frozenset[str]:
        """What stands in quotes, as a key may."""
        return frozenset(match["text"][1:-1] for match in _TOKEN.finditer(self.text) if match["text"])

    def reads(self, kind: str, field: str) -> bool:
        """The field of an input may be read, by its whole name or through a variable."""
        for name in self.names:
            first, *others = name.split(".")
            if others[:2] == [kind, field] if first == "input" and len(others) > 1 else field in others:
                return True
        return field in self.texts

    def check(self, files: Sequence[RegoText], is_builtin: Callable[[str], bool]) -> None:
        """Raises Absent for what there is not in the `files` of the policy, of which this is one."""
        defined = frozenset[str]().union(*(file.defined for file in files))
        for name in sorted(self.names):
            if name in FOREIGN or name.rpartition(".")[2] in FOREIGN:
                raise Absent(f"there is no function {name}")
            if name.startswith("data.") and name.split(".")[1] != "docker":
                raise Absent(f"there is nothing at {name}: files that a policy imports are not looked for")
        for name in sorted(self.called):
            own = name.removeprefix("data.docker.")
            if own not in defined and not is_builtin(name):
                raise Absent(f"there is no function {name}")
        for name in sorted(self.negated - {"input", "data", "true", "false", "null"}):
            if sum(file.words[name] for file in files) == 1:
                raise Absent(f"nothing is called {name}")
        self._check_fields()

    def _check_fields(self) -> None:
        if field := min((field for field in _FOREIGN_FIELDS if self._mentions(field)), default=""):
            raise Absent(f"the field {field} is not there: signatures and attestations are not looked at")
        if field := min((field for field in _FOREIGN_OF_GIT if self._of_git(field)), default=""):
            raise Absent(f"input.git.{field} is not there")
        if "exec.proxy" in self.texts:
            raise Absent("the capability exec.proxy is not there")

    def _mentions(self, field: str) -> bool:
        return field in self.texts or any(field in name.split(".") for name in self.names)

    def _of_git(self, field: str) -> bool:
        """Of `input.git`, also by a variable that is called so."""
        return any(f".git.{field}." in f".{name}." for name in self.names)

    def _names(self) -> Iterator[tuple[str, bool, bool]]:
        """Names outside of comments and quotes: whether each is called, and whether it begins a rule."""
        depth = 0
        for match in _TOKEN.finditer(self.text):
            if match["sign"]:
                depth += 1 if match["sign"] in "{[(" else -1
            elif name := match["name"]:
                before = self.text[self.text.rfind("\n", 0, match.start()) + 1 : match.start()]
                head = depth == 0 and before.strip() in {"", "default"}
                yield name, _CALLED.match(self.text, match.end()) is not None, head and not before[:1].isspace()
