"""What a build reads: a directory, a Dockerfile, a pipe."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from fakes.blobs import make_tar
from stagemill.cli.making.directories import IgnoreFile
from stagemill.cli.making.remote import Remote
from stagemill.cli.making.source import located, open_inputs
from stagemill.context.ignore import IgnoreRules
from stagemill.dockerfile.parser import parse
from stagemill.errors import ContextError, StagemillError, UsageError
from stagemill.execute.services import Services
from stagemill.files.walk import walk
from stagemill.store.store import Store

TEXT = "FROM scratch\n"


def _nobody() -> AbstractContextManager[Services]:
    raise StagemillError("somebody was asked")


OFFLINE = Remote(_nobody)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "context"
    path.mkdir()
    return path


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def seen(store: Store, context: Path | str, file: str | None = None) -> tuple[str, str, list[str] | None]:
    """The name and text of the Dockerfile, and the paths of the context."""
    with open_inputs(str(context), file, store=store, remote=OFFLINE, read=parse) as inputs:
        source = inputs.dockerfile.source
        paths = [path for path, _ in walk(inputs.context.view) if path] if inputs.context else None
        return source.name, source.text, paths


class TestDirectory:
    def test_it_has_the_dockerfile_and_is_the_context(self, store: Store, folder: Path) -> None:
        write(folder, {"Dockerfile": TEXT, "src/a": "1"})

        assert seen(store, folder) == ("Dockerfile", TEXT, ["Dockerfile", "src", "src/a"])

    def test_another_dockerfile_is_named_from_where_we_are(
        self, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder, {"a": "1"})
        write(folder.parent, {"docker/Other": TEXT})
        monkeypatch.chdir(folder.parent)

        assert seen(store, "context", "docker/Other") == ("docker/Other", TEXT, ["a"])

    def test_or_from_the_context_where_it_is_not_here(self, store: Store, folder: Path) -> None:
        write(folder, {"docker/Other": TEXT})

        name, text, _ = seen(store, folder, "docker/Other")

        assert (name, text) == (str(folder / "docker/Other"), TEXT)

    def test_what_is_ignored_is_not_there(self, store: Store, folder: Path) -> None:
        write(folder, {"Dockerfile": TEXT, ".dockerignore": "*.log\n.dockerignore", "a": "1", "b.log": "2"})

        assert seen(store, folder)[2] == ["Dockerfile", "a"]

    def test_the_ignore_file_of_the_dockerfile_goes_first(self, store: Store, folder: Path) -> None:
        write(folder, {"Dockerfile": TEXT, "Dockerfile.dockerignore": "a", ".dockerignore": "b", "a": "", "b": ""})

        assert "b" in (seen(store, folder)[2] or [])
        assert "a" not in (seen(store, folder)[2] or [])

    def test_a_dockerfile_from_a_pipe_is_built_in_it(
        self, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder, {"a": "1", "Dockerfile.dockerignore": "a"})
        pipe(monkeypatch, TEXT.encode())

        assert seen(store, folder, "-") == ("Dockerfile", TEXT, ["Dockerfile.dockerignore", "a"])


class TestPipe:
    def test_a_tar_is_the_context_with_its_dockerfile(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        pipe(monkeypatch, make_tar({"Dockerfile": TEXT.encode(), "a": b"1"}))

        assert seen(store, "-") == ("Dockerfile", TEXT, ["Dockerfile", "a"])

    def test_its_dockerfile_may_have_another_name(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        pipe(monkeypatch, make_tar({"docker/Other": TEXT.encode()}))

        assert seen(store, "-", "docker/Other")[:2] == ("docker/Other", TEXT)

    def test_a_compressed_tar_is_one_too(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:xz") as archive:
            member = tarfile.TarInfo("Dockerfile")
            member.size = len(TEXT)
            archive.addfile(member, io.BytesIO(TEXT.encode()))
        pipe(monkeypatch, out.getvalue())

        assert seen(store, "-")[:2] == ("Dockerfile", TEXT)

    def test_nothing_of_it_stays(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        pipe(monkeypatch, make_tar({"Dockerfile": TEXT.encode(), "secret": b"1"}))

        seen(store, "-")
        store.close()

        assert list(store.root.rglob("secret")) == []

    @pytest.mark.parametrize("data", [TEXT.encode(), b"# " + b"x" * 2000 + b"\nFROM scratch\n"])
    def test_a_dockerfile_alone_has_no_context(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, data: bytes
    ) -> None:
        pipe(monkeypatch, data)

        assert seen(store, "-") == ("Dockerfile", data.decode(), None)


class TestErrors:
    @pytest.mark.parametrize("data", [b"", b" \n\n"])
    def test_an_empty_pipe_is_told(self, store: Store, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
        pipe(monkeypatch, data)

        with pytest.raises(ContextError) as caught:
            seen(store, "-")

        assert caught.value.message == "standard input is empty"
        assert caught.value.hint == "pipe a Dockerfile or a tar into it"

    def test_a_terminal_is_no_context(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        class Terminal(io.BytesIO):
            def isatty(self) -> bool:
                return True

        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Terminal()))

        with pytest.raises(UsageError) as caught:
            seen(store, "-")

        assert caught.value.message == "no context: standard input is a terminal"
        assert caught.value.hint == "stagemill build . builds this directory"

    def test_one_pipe_cannot_be_both(self, store: Store) -> None:
        with pytest.raises(UsageError, match="standard input cannot be both the context and the Dockerfile"):
            seen(store, "-", "-")

    @pytest.mark.parametrize(
        ("context", "file"),
        [
            ("https://example.com/x.git", None),
            ("git@example.com:team/x", None),
            ("github.com/team/x", None),
            (".", "https://example.com/Dockerfile"),
        ],
    )
    def test_what_lies_elsewhere_is_asked_for_there(self, store: Store, context: str, file: str | None) -> None:
        with pytest.raises(StagemillError, match="somebody was asked"):
            seen(store, context, file)

    @pytest.mark.parametrize(
        ("context", "file", "message", "hint"),
        [
            ("https://h/x.git?nosuch=1", None, "unexpected query 'nosuch' of a git URL", "the queries are"),
            ("https://h/x.git#a:../b", None, "the directory '../b' leads out of the repository", "name one below"),
            (".", "https://h/x.git", "-f https://h/x.git is a repository, not a Dockerfile", "give the repository as"),
        ],
    )
    def test_a_url_that_cannot_be_meant_is_told_before_anybody_is_asked(
        self, store: Store, context: str, file: str | None, message: str, hint: str
    ) -> None:
        with pytest.raises(UsageError) as caught:
            seen(store, context, file)

        assert caught.value.message == message
        assert caught.value.hint
        assert caught.value.hint.startswith(hint)

    def test_a_directory_of_the_name_of_a_repository_is_the_directory(
        self, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder, {"github.com/team/x/Dockerfile": TEXT})
        monkeypatch.chdir(folder)

        assert seen(store, "github.com/team/x")[1] == TEXT

    def test_a_dockerfile_in_the_pipe_and_another_one_are_too_many(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pipe(monkeypatch, TEXT.encode())

        with pytest.raises(UsageError) as caught:
            seen(store, "-", "Other")

        assert caught.value.message == "standard input is a Dockerfile, and -f Other names another one"
        assert caught.value.hint == "pipe a tar of the context, or name a directory instead of -"

    def test_a_context_that_is_not_there_is_told(self, store: Store, folder: Path) -> None:
        with pytest.raises(ContextError) as caught:
            seen(store, folder / "none")

        assert caught.value.message == f"the build context does not exist: {folder}/none"
        assert caught.value.hint == "name the directory that holds the files; -f names the Dockerfile"

    def test_a_file_is_no_context(self, store: Store, folder: Path) -> None:
        write(folder, {"Dockerfile": TEXT})

        with pytest.raises(ContextError) as caught:
            seen(store, folder / "Dockerfile")

        assert caught.value.message == f"the build context is no directory: {folder}/Dockerfile"

    def test_a_pipe_without_end_is_refused(self, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pipe(monkeypatch, b"#" * ((16 << 20) + 1))

        with pytest.raises(ContextError, match="is larger than 16 MiB"):
            seen(store, folder, "-")


class TestIgnoreFile:
    @pytest.fixture
    def file(self, folder: Path) -> IgnoreFile:
        for name in ("a.log", "build/deep/app", "src/a"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("")
        return IgnoreFile(IgnoreRules.parse("# logs\n*.log\nbuild\n", "rules"), ".dockerignore", folder)

    def test_it_names_the_line_that_hides_a_path(self, file: IgnoreFile) -> None:
        assert file.explain("a.log") == 'line 2 of .dockerignore ("*.log")'

    def test_or_the_one_that_hides_the_directory_it_lies_in(self, file: IgnoreFile) -> None:
        assert file.explain("build/deep/app") == 'line 3 of .dockerignore ("build")'

    def test_or_what_a_pattern_matches(self, file: IgnoreFile) -> None:
        assert file.explain("*.log") == 'line 2 of .dockerignore ("*.log")'
        assert file.explain("build/d*/app") == 'line 3 of .dockerignore ("build")'

    @pytest.mark.parametrize("path", ["src/a", "b.log", "build/x", "src/*", "b*.log"])
    def test_what_no_line_hides_or_is_not_there_has_no_explanation(self, file: IgnoreFile, path: str) -> None:
        assert file.explain(path) is None


def test_without_a_name_there_is_no_place(folder: Path) -> None:
    assert located(None, folder) is None


def test_a_name_that_is_nowhere_is_looked_for_here(folder: Path) -> None:
    assert located("none", folder) == Path("none")
