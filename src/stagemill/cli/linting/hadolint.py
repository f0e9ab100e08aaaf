"""`.hadolint.yaml`, read where a project says nothing in `stagemill.toml`; what has no like here is told. Source: hadolint's README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from stagemill.cli.given.project import Project
from stagemill.cli.linting.settings import Settings, Threshold
from stagemill.dockerfile.source import printable
from stagemill.errors import UsageError
from stagemill.lint.choice import find
from stagemill.lint.finding import LEVELS, Level
from stagemill.lint.policy import FORMS, Form, Policy
from stagemill.values import dataclass

NAMES = (".hadolint.yaml", ".hadolint.yml")
_MOST_BYTES = 1 << 20
_FORMATS = {"tty": "text", "codeclimate": "gitlab", "gitlab_codeclimate": "gitlab"} | {
    name: name for name in ("json", "sarif", "checkstyle", "junit")
}
_THRESHOLDS: Mapping[str, Threshold] = {**{level: level for level in LEVELS}, "ignore": "style", "none": "style"}
_KEYS = frozenset({
    "ignored", "override", "trustedRegistries", "failure-threshold", "label-schema", "strict-labels", "disable-ignore-pragma",
    "no-fail", "no-color", "format", "formats",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What such a file wants, and what of it is not understood, a line each."""

    settings: Settings = Settings()
    notices: tuple[str, ...] = ()


def wanted(directory: str) -> Read:
    """What a project wants that has its files in a directory: the table in its stagemill.toml, or else what it tells hadolint.

    hadolint looks for its file where it is called; that counts where the directory has none. Raises UsageError.
    """
    project = Project.of(directory)
    places = (Path(folder) / name for folder in (directory, ".") for name in NAMES)
    path = next((place for place in places if place.is_file()), None)
    if "lint" in project.document:
        notices = (f"{path} is not read: {project.path} has a table [lint]",) if path else ()
        return Read(Settings.of_project(project), notices)
    return read(path) if path else Read()


def read(path: Path) -> Read:
    """Raises UsageError for what is no such file."""
    document = _document(path)
    reader = _Reader(path, document)
    return Read(reader.settings(), tuple(printable(f"{path}: {text}") for text in reader.notices))


def _document(path: Path) -> Mapping[str, object]:
    import yaml

    try:
        with path.open("rb") as file:
            found = yaml.safe_load(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise UsageError(f"{path} cannot be read: {why}", hint="docs/hadolint.md says what counts of it") from error
    if found is not None and not isinstance(found, dict):
        raise UsageError(f"{path} is no mapping", hint="write ignored: [DL3008], or another key of hadolint's")
    return {str(key): value for key, value in (found or {}).items()}


class _Reader:
    """Reads one document; `notices` is what it met and could not use."""

    def __init__(self, path: Path, document: Mapping[str, object]) -> None:
        self._path = path
        self._document = document
        self.notices: list[str] = []

    def settings(self) -> Settings:
        for key in sorted(self._document.keys() - _KEYS):
            self.notices.append(f"{key} means nothing to stagemill lint")
        levels = dict(self._levels())
        return Settings(
            ignore=tuple(self._rules(self._document.get("ignored"), "ignored")),
            experimental=tuple(name for name in levels if find(name).experimental),
            levels=levels,
            fail_on="none" if self._switch("no-fail") else self._threshold(),
            policy=Policy(
                self._texts(self._document.get("trustedRegistries"), "trustedRegistries"),
                dict(self._labels()),
                only_labels=self._switch("strict-labels"),
                pragmas=not self._switch("disable-ignore-pragma"),
            ),
            form=self._form(),
            plain=self._switch("no-color"),
        )

    def _levels(self) -> Iterator[tuple[str, Level]]:
        """A rule that several levels have gets the heaviest, as it would there."""
        override = self._mapping("override")
        for key in sorted(override.keys() - set(LEVELS)):
            self.notices.append(f"override: there is no level {key}; levels are {', '.join(LEVELS)}")
        for level in reversed(LEVELS):
            for name in self._rules(override.get(level), f"override: {level}"):
                yield name, level

    def _rules(self, value: object, where: str) -> Iterator[str]:
        for name in self._texts(value, where):
            try:
                find(name)
            except UsageError:
                self.notices.append(f"{where}: there is no rule {name} here")
            else:
                yield name

    def _labels(self) -> Iterator[tuple[str, Form]]:
        for name, form in self._mapping("label-schema").items():
            known = next((one for one in FORMS if one == form), None)
            if known is None and form not in ("", "rawtext", None):
                self.notices.append(f"label-schema: {name} may be any text, for there is no form {form}")
            yield name, known or "text"

    def _threshold(self) -> Threshold:
        """`ignore` and `none` are the lightest there, at which anything fails."""
        wanted = self._document.get("failure-threshold") or "style"
        found = _THRESHOLDS.get(wanted) if isinstance(wanted, str) else None
        if found is None:
            self.notices.append(f"failure-threshold: there is no level {wanted}, so anything fails")
        return found or "style"

    def _form(self) -> str:
        """The first format that is one here."""
        wanted = [
            *self._texts(self._document.get("format"), "format"),
            *self._texts(self._document.get("formats"), "formats"),
        ]
        for name in wanted:
            if name in _FORMATS:
                return _FORMATS[name]
            self.notices.append(
                f"format: there is no {name} here; formats are {', '.join(sorted(set(_FORMATS.values())))}"
            )
        return "text"

    def _texts(self, value: object, where: str) -> tuple[str, ...]:
        """A list, or one text alone."""
        listed = [value] if isinstance(value, str) else [] if value is None else value
        if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
            raise UsageError(f"{self._path}: {where} is no list of texts", hint="write [one, two]")
        return tuple(str(text) for text in listed)

    def _mapping(self, key: str) -> Mapping[str, object]:
        value = self._document.get(key)
        if value is not None and not isinstance(value, dict):
            raise UsageError(f"{self._path}: {key} is no mapping", hint=f"write {key}: and below it NAME: VALUE")
        return {str(name): inner for name, inner in (value or {}).items()}

    def _switch(self, key: str) -> bool:
        value = self._document.get(key, False)
        if not isinstance(value, bool):
            raise UsageError(f"{self._path}: {key} is neither true nor false", hint="write true or false")
        return value
