"""ADD of URLs: what becomes of a file and of a repository, and what is wrong about them (traps 23)."""

from __future__ import annotations

import pytest

from fakes.planning import history, marked, operations, planned, refused
from fakes.sources import FakeSources
from fakes.tree import MemoryTree
from stagemill.digest import Digest
from stagemill.errors import DockerfileError
from stagemill.graph.operations import Context, Copy, Git, Http, Origin
from stagemill.graph.vertex import Edge, Selection
from stagemill.plan.fetched import is_remote
from stagemill.plan.planner import Plan

FILES = MemoryTree({"a": "a", "b": "b", "c.tar": "c"})
FOO = Digest.of(b"foo")
EVERYTHING = Selection(("",))


def sources() -> FakeSources:
    return FakeSources(foo="foo", bar="bar")


def plans(instruction: str, *, before: str = "", found: FakeSources | None = None) -> Plan:
    return planned(f"FROM scratch\n{before}{instruction}\n", context=FILES, sources=found or sources())


def copied(instruction: str, *, before: str = "") -> Copy:
    return operations(plans(instruction, before=before), Copy)[-1]


def wrong(instruction: str, *, before: str = "") -> DockerfileError:
    return refused(f"FROM scratch\n{before}{instruction}\n", context=FILES, sources=sources())


def inputs(plan: Plan) -> list[Edge]:
    return list(plan.target.vertex.inputs[1:])


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        ("https://h/x", True),
        ("HTTP://h/y", True),
        ("git@github.com:a/b.git", True),
        ("ssh://a/b", True),
        ("git://a/b", True),
        ("https://h/r.git?nosuch=1", True),
        ("github.com/a/b", False),
        ("ftp://a/b", False),
        ("a/b", False),
    ],
)
def test_which_sources_are_remote(text: str, *, remote: bool) -> None:
    assert is_remote(text) == remote


def test_a_file_is_one_of_its_digest_and_its_name() -> None:
    plan = plans("ADD https://h/foo /x/")

    (edge,) = inputs(plan)
    assert edge.vertex.op == Http(FOO, "foo")
    assert edge.select is None
    assert operations(plan, Copy) == [Copy((), "/x/", origins=(Origin(("foo",)),))]


def test_the_key_is_that_of_the_content_wherever_it_came_from() -> None:
    one, other = FakeSources(foo="foo"), FakeSources()
    other.files["https://elsewhere/d/foo"] = "foo"

    first = plans("ADD https://h/foo /x/", found=one)
    second = plans("ADD https://me:pw@elsewhere/d/foo /x/", found=other)

    assert first.target.vertex == second.target.vertex


def test_a_repository_is_a_commit_keyed_by_what_is_in_it() -> None:
    plan = plans("ADD https://h/r.git#v1:sub /x/")

    (edge,) = inputs(plan)
    assert edge.vertex.op == Git(f"{'v1':a<40}", "sub")
    assert edge.select == EVERYTHING
    assert edge.vertex.label.name == "[internal] fetch git source https://h/r.git#v1:sub"
    assert str(edge.vertex.label.at) == "Dockerfile:2"
    assert operations(plan, Copy) == [Copy((), "/x/", origins=(Origin(("",)),))]


def test_sources_of_every_kind_stay_in_their_order() -> None:
    plan = plans("ADD a https://h/foo b c.tar https://h/r.git https://h/bar /x/")

    kinds = [type(edge.vertex.op) for edge in inputs(plan)]
    assert kinds == [Context, Http, Context, Git, Http]
    assert operations(plan, Copy)[-1].origins == (
        Origin(("a",), unpack=True),
        Origin(("foo",)),
        Origin(("b", "c.tar"), unpack=True),
        Origin(("",)),
        Origin(("bar",)),
    )


@pytest.mark.parametrize(
    ("flag", "local", "remote"), [("", True, False), ("--unpack ", True, True), ("--unpack=false ", False, False)]
)
def test_archives_of_urls_are_unpacked_only_when_asked_for(flag: str, *, local: bool, remote: bool) -> None:
    assert [origin.unpack for origin in copied(f"ADD {flag}c.tar https://h/foo /x/").origins] == [local, remote]


def test_owner_mode_and_destination_are_as_for_files_of_the_context() -> None:
    op = copied("ADD --chown=1:2 --chmod=0640 https://h/foo d", before="WORKDIR /w\n")

    assert (op.owner, op.mode, op.destination, op.keep_owner) == ("1:2", "0640", "/w/d", False)


def test_a_name_with_signs_of_a_pattern_means_itself() -> None:
    found = FakeSources()
    found.files["https://h/a%5Bb%5D%2A"] = "x"

    plan = plans("ADD https://h/a%5Bb%5D%2A /x/", found=found)

    assert operations(plan, Copy)[-1].origins == (Origin(("a[[]b][*]",)),)


def test_variables_are_expanded_before_a_url_is_one() -> None:
    assert copied("ADD $U /x/", before="ARG U=https://h/foo\n").origins == (Origin(("foo",)),)


def test_history_has_the_urls_without_their_logins() -> None:
    text = "FROM scratch\nADD --chmod=644 https://me:pw@h/foo git@h:r.git a /x/\n"

    found = history(text, context=FILES, sources=sources())

    assert found == ["ADD --chmod=644 https://h/foo git@h:r.git a /x/ # buildkit"]


def test_steps_are_called_without_logins() -> None:
    found = plans("ADD https://me:pw@h/foo /x/")

    assert found.target.vertex.label.name == "[1/1] ADD https://h/foo /x/"
    assert found.target.steps[-1].text == "ADD https://h/foo /x/"


def test_only_stages_that_are_needed_are_asked_for() -> None:
    found = sources()

    planned("FROM scratch AS no\nADD https://h/nosuch /\nFROM scratch\nADD https://h/foo /\n", sources=found)

    assert found.asked == ["https://h/foo"]


class TestFlags:
    def test_a_checksum_is_asked_for_and_is_no_part_of_the_key(self) -> None:
        found = sources()

        plan = plans(f"ADD --checksum={FOO} https://h/foo /x/", found=found)

        assert found.checksums == [FOO]
        assert plan.target.vertex == plans("ADD https://h/foo /x/").target.vertex

    def test_a_checksum_may_be_a_variable(self) -> None:
        found = sources()

        plans("ADD --checksum=$SUM https://h/foo /x/", before=f"ARG SUM={FOO}\n", found=found)

        assert found.checksums == [FOO]

    @pytest.mark.parametrize(
        ("checksum", "message"),
        [
            ("md5:7e55db001d319a94b0b713529a756623", "unsupported digest algorithm 'md5' of a checksum"),
            ("sha512:00", "unsupported digest algorithm 'sha512' of a checksum"),
            ("sha256:short", "invalid checksum 'sha256:short' for a file"),
            ("0a1b", "invalid checksum '0a1b' for a file"),
        ],
    )
    def test_a_checksum_of_a_file_is_a_sha256(self, checksum: str, message: str) -> None:
        error = wrong(f"ADD --checksum={checksum} https://h/foo /x/")

        assert error.message == message
        assert error.hint == "write sha256: and 64 hex digits in lower case"
        assert marked(error) == f"Dockerfile:2: {checksum}"

    def test_a_checksum_of_a_repository_is_a_commit(self) -> None:
        error = wrong("ADD --checksum=nothex https://h/r.git /x/")

        assert error.message == "invalid checksum nothex for a git URL: it is no commit's name"
        assert marked(error) == "Dockerfile:2: nothex"

    def test_a_checksum_is_for_one_remote_source(self) -> None:
        several = wrong(f"ADD --checksum={FOO} https://h/foo https://h/bar /x/")
        local = wrong(f"ADD --checksum={FOO} a /x/")

        assert several.message == "checksum can't be specified for multiple sources"
        assert local.message == "checksum requires HTTP(S) or Git sources"
        assert marked(local) == f"Dockerfile:2: {FOO}"

    def test_the_repository_is_kept_by_flag_or_by_url(self) -> None:
        for instruction in ("ADD --keep-git-dir https://h/r.git /x/", "ADD https://h/r.git?keep-git-dir=1 /x/"):
            (op,) = operations(plans(instruction), Git)
            assert op.keep_git_dir

    def test_flag_and_url_must_not_differ(self) -> None:
        error = wrong("ADD --keep-git-dir=false https://h/r.git?keep-git-dir=true /x/")

        assert error.message == "inconsistent keep-git-dir configuration"
        assert marked(error) == "Dockerfile:2: https://h/r.git?keep-git-dir=true"

    def test_a_flag_without_effect_is_told(self) -> None:
        (notice,) = plans("ADD --keep-git-dir https://h/foo a /x/").notices

        assert notice.startswith("--keep-git-dir has no effect: no source is a git repository\n --> Dockerfile:2\n")
        assert plans("ADD --keep-git-dir https://h/foo https://h/r.git /x/").notices == ()


class TestErrors:
    def test_what_cannot_be_had_has_its_place(self) -> None:
        missing = wrong("ADD a https://h/nosuch /x/")
        unknown = wrong("ADD https://h/r.git#nosuch /x/")

        assert (missing.message, missing.hint) == (
            "there is nothing at https://h/nosuch (status 404)",
            "correct the URL",
        )
        assert marked(missing) == "Dockerfile:2: https://h/nosuch"
        assert unknown.message == "repository https://h/r.git does not contain ref nosuch"

    def test_a_file_that_the_context_lacks_has_its_place_too(self) -> None:
        error = wrong("ADD a https://h/foo b missing /x/")

        assert error.message == '"/missing": not found in the build context'
        assert marked(error) == "Dockerfile:2: missing"

    def test_what_is_no_url_has_its_place(self) -> None:
        error = wrong("ADD https://h/r.git?nosuch=1 /x/")

        assert error.message == "unexpected query 'nosuch' of a git URL"
        assert marked(error) == "Dockerfile:2: https://h/r.git?nosuch=1"

    def test_a_file_without_a_name_needs_one_in_a_directory(self) -> None:
        error = wrong("ADD https://h/ /x/")

        assert error.message == "https://h/ has no name for a file in /x/"
        assert error.hint == "name the file: write a destination that does not end in /"

    def test_a_file_without_a_name_may_be_given_one(self) -> None:
        found = FakeSources()
        found.files["https://h/"] = "page"

        plan = plans("ADD https://h/ /index.html", found=found)

        assert operations(plan, Copy)[-1].origins == (Origin(("__unnamed__",)),)

    def test_a_plan_without_sources_says_so(self) -> None:
        for url in ("https://h/foo", "https://h/r.git"):
            error = refused(f"FROM scratch\nADD {url} /x\n")

            assert error.message == f"{url} was not asked for"
            assert error.hint == "build it: nobody is asked for what is only looked at"
