"""What judges the rows, judged: it finds what is wrong, and finds nothing where nothing is."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conformance import servers
from conformance.archive import archive
from conformance.expect import Outcome, differences
from conformance.reader import File, Result, read
from conformance.rows import Behaviour, Build, groups_in
from conformance.run import problems

FILES = {
    "/d": File("dir", 0o755, "0:0", 0),
    "/d/f": File("file", 0o4755, "5:6", 7, b"text", xattrs={"user.x": "1"}),
    "/l": File("symlink", 0o777, "0:0", 0, link="d/f"),
}
DOCUMENT = {
    "created": "2000-01-01T00:00:00Z",
    "config": {"User": "alice", "Env": ["A=b"], "Labels": {"x": "y", "z": ""}},
    "history": [
        {"created_by": "COPY a b", "created": "1999-01-01T00:00:00Z"},
        {"created_by": "CMD", "empty_layer": True, "created": "2000-01-01T00:00:00Z"},
    ],
}
STATEMENT = {
    "predicateType": "kind",
    "predicate": {"materials": [{"uri": "here", "more": 1}]},
    "subject": [{"name": "pkg:a@1", "digest": {"sha256": "1"}}],
}
MANIFEST = {
    "mediaType": "kind",
    "layers": [{"mediaType": "x.v1.tar"}, {"mediaType": "x.diff.tar.gzip"}, {"mediaType": "x.v1.tar+zstd"}],
}
INDEX = {"annotations": {"a": "b"}}
RESULT = Result(FILES, "sha256:1", DOCUMENT, ("one",), ("linux/amd64",), (STATEMENT,), MANIFEST, INDEX)
LOG = "#1 [1/2] RUN a\n#1 CACHED\n\n#2 [2/2] RUN b\n#2 DONE 0.1s\n"


def found(outcome: Outcome | None = None, before: Outcome | None = None, **wanted: Any) -> list[str]:
    return differences(Build(**wanted), outcome or Outcome(0, '{"a": [{"b": 1, "c": 2}]}', LOG, RESULT), before)


RIGHT: list[dict[str, Any]] = [
    {},
    {"tree": {"/d/f": "text", "/l": {"link": "d/f"}, "/nosuch": False, "/d": True}},
    {"tree": {"/d/f": {"mode": "4755", "owner": "5:6", "mtime": 7, "like": "^te", "xattrs": {"user.x": "1"}}}},
    {"tree": {"/d/f": True}, "only": ["/d"]},
    {"config": {"User": "alice", "Env_has": ["A=b"], "Env_lacks": ["B=c"], "Labels": {"z": ""}, "Cmd": False}},
    {"image": {"created": "2000-01-01T00:00:00Z"}},
    {"history": [["COPY a b", "layer"], ["CMD", "empty"]], "dates": ["2000-01-01T00:00:00Z"]},
    {"names": ["one"], "platforms": ["linux/amd64"]},
    {"layers": ["tar", "gzip", "zstd"], "manifest": {"mediaType": "kind"}, "index": {"annotations": {"a": "b"}}},
    {"attests": {"kind": {"materials_has": [{"uri": "here"}]}}},
    {"attests": {"kind": {"materials_has": [{"uri_like": "^h"}]}}, "subjects": ["pkg:a@."]},
    {"cached": ["RUN a"], "ran": ["RUN b"], "log": ["RUN [ab]"], "log_lacks": ["RUN c"]},
    {"json": {"a_has": [{"b": 1}]}, "prints": ["b"]},
]
WRONG: list[dict[str, Any]] = [
    {"tree": {"/d/f": "other"}},
    {"tree": {"/l": "text"}},
    {"tree": {"/nosuch": True}},
    {"tree": {"/nosuch": "text"}},
    {"tree": {"/d": False}},
    {"tree": {"/d/f": {"mode": "0755"}}},
    {"tree": {"/d/f": {"owner": "0:0"}}},
    {"tree": {"/d/f": {"like": "^ext"}}},
    {"only": ["/d"]},
    {"only": ["/"], "tree": {"/d": True, "/d/f": True}},
    {"config": {"User": "bob"}},
    {"config": {"User": False}},
    {"config": {"Cmd": ["sh"]}},
    {"config": {"Env_has": ["B=c"]}},
    {"config": {"Env_lacks": ["A=b"]}},
    {"config": {"Labels": {"x": "z"}}},
    {"image": {"created": "now"}},
    {"history": [["COPY a b", "empty"], ["CMD", "empty"]]},
    {"dates": ["1999-01-01T00:00:00Z"]},
    {"names": ["one", "two"]},
    {"layers": ["tar", "gzip"]},
    {"layers": []},
    {"manifest": {"mediaType": "other"}},
    {"index": {"annotations": False}},
    {"platforms": ["linux/arm64"]},
    {"attests": {"other": {}}},
    {"attests": {"kind": {"materials_has": [{"uri_like": "^e"}]}}},
    {"subjects": ["pkg:a"]},
    {"attestation": {"artifactType": "x"}},
    {"attests": {"kind": {"materials_has": [{"uri": "there"}]}}},
    {"cached": ["RUN b"]},
    {"ran": ["RUN a"]},
    {"log": ["RUN c"]},
    {"log_lacks": ["RUN a"]},
    {"prints": ["nothing"]},
    {"json": {"a_has": [{"b": 2}]}},
    {"fails": "anything"},
    {"status": 1},
]


@pytest.mark.parametrize("wanted", RIGHT)
def test_what_is_as_it_should_be_makes_no_difference(wanted: dict[str, Any]) -> None:
    assert found(**wanted) == []


@pytest.mark.parametrize("wanted", WRONG)
def test_each_difference_is_found(wanted: dict[str, Any]) -> None:
    assert found(**wanted) != []


def test_a_build_that_fails_must_have_been_meant_to() -> None:
    failed = Outcome(1, "", "error: no such thing")

    assert found(failed) == ["it failed: error: no such thing"]
    assert found(failed, fails="no (such )?thing") == []
    assert len(found(failed, fails="another")) == 1
    assert found(failed, status=1) == []
    assert found(failed, status=2) == ["status 1, want 2"]


def test_a_crash_is_no_failure_that_was_meant() -> None:
    assert len(found(Outcome(1, "", "Traceback (most recent call last)\nmeant"), fails="meant")) == 1


def test_a_build_is_compared_with_the_one_before() -> None:
    files = {**FILES, "/l": File("symlink", 0o777, "0:0", 0, b"other")}
    before = Outcome(0, "", "", Result(files, "sha256:2"))

    assert found(before=before, keeps=["/d/f"], changes=["/l"], digest="new") == []
    assert len(found(before=before, keeps=["/l"])) == 1
    assert len(found(before=before, changes=["/d/f"])) == 1
    assert len(found(before=before, digest="same")) == 1


@dataclass
class FakeBuilder:
    """Ends as it is told, whatever it is asked for."""

    outcome: Outcome
    ours: bool = True
    asked: list[Build] = field(default_factory=list)

    def build(self, build: Build, place: Path, *, number: int) -> Outcome:
        self.asked.append(build)
        return self.outcome

    def load(self, table: object, place: Path) -> None:
        pass


def test_tokens_of_a_row_are_filled_in_everywhere(tmp_path: Path) -> None:
    builder = FakeBuilder(Outcome(0, "", "", RESULT))
    git = {"repo": {"commits": [{"files": {"f": "1"}, "tag": "v1"}]}}
    build = Build(dockerfile="@commit:repo:v1@", flags=["@dir@/x"], context="@http@/git/repo.git")

    actual = problems(Behaviour("name", "covers", (build,), git=git), builder, tmp_path)

    assert actual == []
    (asked,) = builder.asked
    assert len(asked.dockerfile or "") == 40
    assert (tmp_path / "context/Dockerfile").read_text() == asked.dockerfile
    assert asked.flags == [f"{tmp_path}/x"]
    assert asked.context.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("outcome", "ours", "right"),
    [
        (Outcome(1, "", "error: RUN --mount is not supported yet"), True, True),
        (Outcome(1, "", "error: something else"), True, False),
        (Outcome(0, "", "", RESULT), True, False),
        (Outcome(0, "", "", RESULT), False, True),
        (Outcome(1, "", "error: something else"), False, False),
    ],
)
def test_what_is_pending_fails_and_says_so_while_other_builders_are_asked_for_it(
    tmp_path: Path, outcome: Outcome, ours: bool, right: bool
) -> None:
    row = Behaviour("name", "covers", (Build(pending="RUN --mount", tree={"/d/f": "text"}),))

    assert (problems(row, FakeBuilder(outcome, ours), tmp_path) == []) == right


def test_the_words_of_another_builder_are_not_compared(tmp_path: Path) -> None:
    row = Behaviour("name", "covers", (Build(fails="our words"),))

    assert problems(row, FakeBuilder(Outcome(1, "", "its words"), ours=False), tmp_path) == []
    assert problems(row, FakeBuilder(Outcome(1, "", "its words"), ours=True), tmp_path) != []
    assert problems(row, FakeBuilder(Outcome(0, "", "", RESULT), ours=False), tmp_path) != []


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('name = "n"\ncovers = "c"\nnosuch = 1', "unexpected keyword argument"),
        ('name = "n"\ncovers = "c"\n[[behaviour.build]]\nnosuch = 1', "unknown fields"),
        ('name = "n"\ncovers = "c"\nlog = "text"', "log is a list"),
    ],
)
def test_a_row_with_a_mistake_is_refused(tmp_path: Path, table: str, problem: str) -> None:
    (tmp_path / "t.toml").write_text(f'peer = "p"\nabout = "a"\ndrivable = 1\n[[behaviour]]\n{table}\n')

    with pytest.raises(ValueError, match=problem):
        groups_in(tmp_path)


def test_an_archive_is_read_back_with_its_layers_applied(tmp_path: Path) -> None:
    members = [
        {"name": "d/", "mode": "0700", "owner": "1:2"},
        {"name": "d/f", "text": "x"},
        {"name": "h", "hard": "d/f"},
    ]
    table = {"name": "image:1", "layers": [{"tar": members}], "document": {"author": "me"}}
    (tmp_path / "image.tar").write_bytes(archive(table))

    actual = read(tmp_path / "image.tar", image=True)

    assert {path: (file.type, f"{file.mode:04o}", file.owner) for path, file in actual.files.items()} == {
        "/d": ("dir", "0700", "1:2"),
        "/d/f": ("file", "0644", "0:0"),
        "/h": ("file", "0644", "0:0"),
    }
    assert actual.files["/h"] is actual.files["/d/f"]
    assert (actual.names, actual.platforms, actual.document["author"]) == (("image:1",), ("linux/amd64",), "me")


def test_a_whiteout_hides_what_lies_in_lower_layers_and_not_what_its_own_brings(tmp_path: Path) -> None:
    lower = [{"name": name, "text": "x"} for name in ("a", "b/one", "b/two", "c/below", "d")]
    upper = [
        {"name": ".wh.a"},
        {"name": "b/three", "text": "y"},
        {"name": "b/.wh..wh..opq"},
        {"name": "c", "text": "y"},
    ]
    (tmp_path / "image.tar").write_bytes(archive({"name": "i", "layers": [{"tar": lower}, {"tar": upper}]}))

    actual = read(tmp_path / "image.tar", image=True)

    assert sorted(actual.files) == ["/b/three", "/c", "/d"]


def test_a_repository_can_be_cloned_from_the_server(tmp_path: Path) -> None:
    table = {"commits": [{"files": {"f": "1"}, "tag": "v1"}, {"files": {"f": "2"}, "branch": "side"}]}
    refs = servers.make_repository(tmp_path / "repo.git", table)

    with servers.Server({}, tmp_path) as server:
        clone = [
            "git",
            "clone",
            "-q",
            "--depth=1",
            "--branch=v1",
            f"{server.url}/git/repo.git",
            str(tmp_path / "clone"),
        ]
        subprocess.run(clone, check=True, capture_output=True, timeout=60)

    assert (tmp_path / "clone/f").read_text() == "1"
    assert sorted(refs) == ["main", "side", "v1"]


def test_the_server_answers_for_a_file_that_has_not_changed(tmp_path: Path) -> None:
    files = {"f": {"text": "x", "etag": '"1"', "last-modified": "Fri, 11 Nov 2011 11:11:11 GMT"}}

    with servers.Server(files, tmp_path) as server:
        with urllib.request.urlopen(f"{server.url}/f", timeout=60) as answer:
            assert (answer.read(), answer.headers["Last-Modified"]) == (b"x", files["f"]["last-modified"])
        again = urllib.request.Request(f"{server.url}/f", headers={"If-None-Match": '"1"'})
        with pytest.raises(urllib.error.HTTPError) as unchanged:
            urllib.request.urlopen(again, timeout=60)
        unchanged.value.close()
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"{server.url}/nosuch", timeout=60)
        missing.value.close()

    assert (unchanged.value.code, missing.value.code) == (304, 404)
