"""COPY and ADD: sources, destinations, flags, heredocs (traps 2, 4, 6, 12, 18)."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import history, marked, operations, planned, refused
from fakes.tree import MemoryTree, directory, file, link
from stagemill.dockerfile.parser import parse
from stagemill.errors import DockerfileError
from stagemill.graph.operations import BaseImage, Context, Copy, InlineFile, Scratch, Stack
from stagemill.graph.vertex import Edge, Selection
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import FileContext, Request

FILES = MemoryTree({"a": "a", "b": "b", "dir/c": "c", "d e": "d"})


def plans(instruction: str, *, before: str = "", context: MemoryTree = FILES) -> Plan:
    return planned(f"FROM busybox\n{before}{instruction}\n", context=context)


def copied(instruction: str, *, before: str = "", context: MemoryTree = FILES) -> Copy:
    return operations(plans(instruction, before=before, context=context), Copy)[-1]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a", ("a",)),
        ("/a", ("a",)),
        ("../a", ("a",)),
        ("./dir/", ("dir",)),
        ("dir/.", ("dir",)),
        (".", ("",)),
        ("/", ("",)),
    ],
)
def test_sources_are_below_the_root_of_the_context(written: str, expected: tuple[str, ...]) -> None:
    assert copied(f"COPY {written} /x/").sources == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("/x", "/x"),
        ("/x/", "/x/"),
        ("/x/.", "/x/"),
        (".", "/w/"),
        ("./", "/w/"),
        ("..", "/"),
        ("x", "/w/x"),
        ("./x/", "/w/x/"),
        ("../x", "/x"),
        ("/", "/"),
        ("$D", "/w/var"),
        ("$D/", "/w/var/"),
        ("/$UNSET", "/"),
        ("$UNSET", "/w/"),
    ],
)
def test_destinations_are_absolute_and_end_with_a_slash_where_they_are_directories(written: str, expected: str) -> None:
    assert copied(f"COPY a {written}", before="WORKDIR /w\nENV D=var\n").destination == expected


def test_variables_in_sources_and_quotes_are_expanded() -> None:
    assert copied('COPY $S "b" /x/', before="ARG S=dir/c\n").sources == ("dir/c", "b")


def test_json_keeps_blanks_in_paths() -> None:
    found = copied('COPY ["d e", "/x y"]')

    assert (found.sources, found.destination) == (("d e",), "/x y")


def test_files_of_the_context_are_roots_and_files_of_a_stage_keep_their_owner() -> None:
    text = "FROM busybox AS s\nFROM busybox\nCOPY a /a\nCOPY --from=s /a /b\nCOPY --from=s --chown=1:1 /a /c\n"

    found = operations(planned(text, context=FILES), Copy)

    assert [(op.keep_owner, op.owner) for op in found] == [(False, ""), (True, ""), (True, "1:1")]


def test_copy_never_unpacks_and_add_does() -> None:
    assert not copied("COPY a /x").unpack
    assert copied("ADD a /x").unpack


def test_values_of_chown_and_chmod_are_expanded() -> None:
    found = copied("COPY --chown=$U:$G --chmod=$M a /x", before="ARG U=app G=2 M=0640\n")

    assert (found.owner, found.mode) == ("app:2", "0640")


def test_flags_that_come_out_blank_are_not_there() -> None:
    found = copied("COPY --chown=$U --chmod=$M --from= a /x")

    assert (found.owner, found.mode, found.keep_owner) == ("", "", False)


@pytest.mark.parametrize("mode", ["0", "644", "07777", "0000755", "u+x", "u=rwX,go=rX", "a-w+x", "+x", "g=u", "o="])
def test_modes_are_octal_or_words_of_chmod(mode: str) -> None:
    assert copied(f"COPY --chmod={mode} a /x").mode == mode


@pytest.mark.parametrize("mode", ["64a", "8", "10000", "u", "rwx", "u+y", "u+x,", "0o755", "-1"])
def test_other_modes_are_errors_at_their_value(mode: str) -> None:
    error = refused(f"FROM busybox\nCOPY --chmod={mode} a /x\n", context=FILES)

    assert error.message == (
        f"invalid chmod parameter: {mode!r}, it should be an octal string between 0 and 07777, or symbolic"
    )
    assert error.hint == "use an octal number such as 0755, or a form of chmod(1) such as u=rwX,go=rX"
    assert marked(error) == f"Dockerfile:2: {mode}"


def test_heredocs_expand_variables_with_quotes_as_they_are() -> None:
    found = copied("COPY <<one <<'two' /d/\n\"$A\" '${A}' \\$A\none\n$A\ntwo", before="ARG A=1\n")

    assert found.files == (InlineFile("one", "\"1\" '1' $A\n"), InlineFile("two", "$A\n"))
    assert found.sources == ()


def test_the_escape_in_heredocs_is_a_backslash_whatever_the_directive_says() -> None:
    text = "# escape=`\nFROM busybox\nARG A=1\nCOPY <<f /d/\n\\$A `$A\nf\n"

    assert operations(planned(text), Copy)[0].files == (InlineFile("f", "$A `1\n"),)


def test_a_mistake_in_a_heredoc_is_shown_in_its_line() -> None:
    error = refused("FROM busybox\nCOPY <<-f /d/\n\tok\n\t\tx ${A:?A is missing}\n\tf\n")

    assert error.message == "A: A is missing"
    assert error.at is not None
    assert (error.at.line, error.at.column) == (4, 5)


def test_heredocs_need_no_context_and_no_stage() -> None:
    plan = planned("FROM busybox AS s\nRUN x\nFROM scratch\nCOPY --from=s <<f /d/\n1\nf\nCOPY <<f /d/\n2\nf\n")

    assert [len(step.vertex.inputs) for step in plan.target.steps] == [1, 1]


def test_a_copy_from_the_context_is_keyed_by_what_it_selects() -> None:
    (step,) = plans("COPY a dir /x/").target.steps

    context = step.vertex.inputs[1]
    assert isinstance(context.vertex.op, Context)
    assert context.select is None
    assert [name for name, _ in plans("COPY a dir /x/").contents[context.vertex.op.content]] == ["a", "dir", "dir/c"]


def test_equal_sources_are_looked_at_once() -> None:
    class Counting(MemoryTree):
        read = 0

        def digest(self, path):  # type: ignore[no-untyped-def]
            Counting.read += 1
            return super().digest(path)

    planned(
        "FROM busybox\nCOPY a b /x/\nFROM busybox AS z\nCOPY --from=0 /x /x\nCOPY a b /y/\n",
        context=Counting({"a": "", "b": ""}),
    )

    assert Counting.read == 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("dir/c", "/./dir/c"),
        ("./dir/c/", "/./dir/c"),
        ("/dir/./c", "dir/./c"),
        ("./dir/./c", "dir/./c"),
        ("dir/././c/./d", "dir/./c/d"),
        ("dir/.", "/./dir"),
        ("dir/./", "dir/./"),
        ("../*/./**/c", "*/./**/c"),
        (".", "/./"),
    ],
)
def test_with_parents_a_source_says_from_where_on_its_path_is_kept(written: str, expected: str) -> None:
    plan = planned(f"FROM busybox AS s\nFROM scratch\nCOPY --from=s --parents {written} /x/\n")

    (op,) = operations(plan, Copy)
    assert (op.sources, op.parents) == ((expected,), True)


def test_excludes_are_kept_as_they_are_written_and_blank_ones_are_none() -> None:
    found = copied("COPY --exclude=*.md --exclude='!a b.md' --exclude= dir /x/")

    assert found.excludes == ("*.md", "!a b.md")


def test_excludes_do_not_expand_variables_and_that_is_noticed() -> None:
    plan = plans("ADD --exclude=$X dir /x/", before="ARG X=c\n")

    assert operations(plan, Copy)[0].excludes == ("$X",)
    assert plan.notices[0].startswith("--exclude=$X does not expand variables\n --> Dockerfile:3\n")


def test_an_exclude_that_is_no_pattern_is_an_error_at_its_value() -> None:
    error = refused("FROM busybox\nCOPY --exclude=ok --exclude=a[ a /x/\n", context=FILES)

    assert error.message == '--exclude: "a[" is not a valid pattern: a set that `[` begins is not closed'
    assert marked(error) == "Dockerfile:2: a["


def test_a_file_that_is_left_out_is_not_in_the_key() -> None:
    text = "FROM busybox\nCOPY --exclude=*.md . /x/\n"
    trees = [MemoryTree({"a": "1", "b.md": data}) for data in ("1", "2")]

    first, second = (planned(text, context=tree).target.vertex for tree in trees)

    assert first == second
    assert planned(text, context=MemoryTree({"a": "2", "b.md": "1"})).target.vertex != first


def test_what_a_copy_from_a_stage_leaves_out_is_in_its_selection() -> None:
    plan = planned("FROM busybox AS s\nFROM scratch\nCOPY --from=s --parents --exclude=*.md /a/./b /x/\n")

    (step,) = plan.target.steps
    assert step.vertex.inputs[1].select == Selection(("a/./b",), ("*.md",), parents=True)


def test_a_link_through_which_a_path_cannot_be_kept_is_an_error_at_the_copy() -> None:
    tree = MemoryTree({"l": link("dir"), "dir/x": ""})

    error = refused("FROM busybox\nCOPY --parents l/x /y/\n", context=tree)

    assert error.message == '--parents cannot keep the path through "/l", which is a symbolic link to dir'
    assert str(error.at) == "Dockerfile:2"


def test_a_linked_layer_knows_nothing_of_its_stage() -> None:
    first, second = (plans("COPY --link a /x\n", before=before).target for before in ("", "RUN other\n"))

    below, copy = first.vertex.inputs
    assert isinstance(first.vertex.op, Stack)
    assert isinstance(below.vertex.op, BaseImage)
    assert isinstance(copy.vertex.inputs[0].vertex.op, Scratch)
    assert copy == second.vertex.inputs[1]
    assert (first.vertex.label.name, copy.vertex.label.name) == ("", "[2/2] COPY --link a /x")
    assert len(first.steps) == 1


def test_names_of_a_linked_layers_owner_are_keyed_by_the_files_that_hold_them() -> None:
    (named,), (numbered,) = (plans(f"COPY --link --chown={owner} a /x").target.steps for owner in ("app:1", "1:2"))

    copy = named.vertex.inputs[1].vertex
    assert isinstance(copy.op, Copy)
    assert copy.op.named_owner
    assert copy.inputs[-1] == Edge(named.vertex.inputs[0].vertex, Selection(("etc/passw[d]", "etc/grou[p]")))
    assert len(numbered.vertex.inputs[1].vertex.inputs) == 2


def test_beside_chmod_link_has_no_effect_and_that_is_noticed() -> None:
    plan = plans("COPY --link --chmod=600 a /x")

    assert operations(plan, Stack) == []
    assert plan.notices[0].startswith("--link has no effect beside --chmod\n --> Dockerfile:2\n")


def test_add_unpacks_unless_it_is_told_not_to() -> None:
    flags = ["", "--unpack ", "--unpack=true ", "--unpack=false "]

    assert [copied(f"ADD {flag}a /x").unpack for flag in flags] == [True, True, True, False]


def test_history_shows_parents_and_neither_link_nor_excludes() -> None:
    text = "FROM busybox\nCOPY --exclude=b --link --parents --chown=1 a /x/\n"

    assert history(text, context=FILES)[-1] == "COPY --parents --chown=1 a /x/ # buildkit"


def test_a_copy_from_a_stage_is_keyed_by_the_content_of_its_sources() -> None:
    plan = planned("FROM busybox AS s\nFROM scratch\nCOPY --from=s /a b* /x/\n")

    (step,) = plan.target.steps
    assert step.vertex.inputs[1].select == Selection(("a", "b*"))
    assert step.vertex.inputs[1].vertex == plan.stages[0].vertex


def test_copying_twice_from_the_same_image_resolves_it_once() -> None:
    images = FakeImages(busybox=RunConfig())

    plan = planned("FROM busybox\nCOPY --from=busybox /a /a\nCOPY --from=busybox /b /b\n", images=images)

    assert images.asked == ["busybox"]
    assert len(operations(plan, BaseImage)) == 1
    assert len(operations(plan, Copy)) == 2


def test_copying_by_index_counts_from_the_first_stage() -> None:
    text = "FROM busybox AS one\nRUN 1\nFROM busybox AS two\nRUN 2\nFROM scratch\nCOPY --from=0 /a /a\nCOPY --from=01 /b /b\n"

    plan = planned(text)

    assert [step.vertex.inputs[1].vertex.label.stage for step in plan.target.steps] == ["one", "two"]
    assert plan.target.reads == (0, 1)


def test_copying_from_scratch_reads_an_empty_tree() -> None:
    plan = planned("FROM busybox\nCOPY --from=scratch *.none /x/\n")

    assert operations(plan, Scratch) == [Scratch()]


def test_from_does_not_expand_variables() -> None:
    error = refused("FROM busybox AS s\nFROM busybox\nARG S=s\nCOPY --from=${S} /a /a\n")

    assert error.message == "--from does not expand variables"
    assert (
        error.hint == "begin a stage with FROM, where variables work, give it a name with AS, and copy from that name"
    )
    assert marked(error) == "Dockerfile:4: ${S}"
    assert refused("FROM busybox\nCOPY --from=${} /a /a\n").message == "--from does not expand variables"


def test_copy_of_a_url_is_an_error_even_out_of_a_variable() -> None:
    error = refused("FROM busybox\nARG U=https://example.com/x\nCOPY $U /x\n", context=FILES)

    assert error.message == "source can't be a URL for COPY"
    assert error.hint == "use ADD for a URL"
    assert marked(error) == "Dockerfile:3: $U"
    assert refused("FROM busybox\nCOPY git@github.com:a/b.git /x\n", context=FILES).hint == "use ADD for a URL"


def test_archives_are_unpacked_by_add_unless_it_says_otherwise() -> None:
    assert copied("ADD a /x/").unpack
    assert copied("ADD --unpack a /x/").unpack
    assert not copied("ADD --unpack=false a /x/").unpack
    assert not copied("COPY a /x/").unpack
    assert copied("ADD --unpack=false a /x/") == copied("COPY a /x/")


@pytest.mark.parametrize("flag", ["--link=false", "--parents=false"])
def test_flags_may_be_switched_off(flag: str) -> None:
    assert copied(f"COPY {flag} a /x").sources == ("a",)


def test_a_missing_literal_is_an_error_and_an_empty_glob_is_not() -> None:
    error = refused("FROM busybox\nCOPY b missing /x/\n", context=FILES)

    assert error.message == '"/missing": not found in the build context'
    assert marked(error) == "Dockerfile:2: missing"
    assert copied("COPY *.none /x/").sources == ("*.none",)


def test_a_pattern_that_matches_nothing_is_said_once_with_its_place() -> None:
    (notice,) = plans("COPY a *.none /x/").notices

    assert notice.splitlines() == [
        "*.none matches nothing in the build context",
        " --> Dockerfile:2",
        "2 | COPY a *.none /x/",
        "  |        ^^^^^^",
        "hint: nothing is copied for it; only a source without a pattern has to exist",
    ]
    assert plans("COPY a* dir /x/").notices == ()


def test_sources_of_a_stage_are_not_looked_for_while_planning() -> None:
    planned("FROM busybox AS s\nFROM scratch\nCOPY --from=s /missing /x\n")


def test_a_blank_source_copies_everything_and_is_noticed() -> None:
    plan = plans("COPY $UNSET /x/")

    assert operations(plan, Copy)[0].sources == ("",)
    assert plan.notices[0].startswith("the source $UNSET is blank, so everything is copied\n --> Dockerfile:2\n")


def test_without_a_context_only_copies_that_need_it_are_errors() -> None:
    request = Request(platform=Platform.local())

    with pytest.raises(DockerfileError) as caught:
        plan(parse("FROM scratch\nCOPY a /a\n"), request, FakeImages())

    assert caught.value.message == "COPY needs a build context, and this build has none"
    assert caught.value.hint == "give a directory as the last argument, and the Dockerfile with -f -"
    assert plan(parse("FROM scratch\nCOPY <<f /\n1\nf\n"), request, FakeImages()).target.steps != ()


def test_the_title_of_the_context_is_in_the_message() -> None:
    request = Request(platform=Platform.local(), context=FileContext(FILES, title="the directory x"))

    with pytest.raises(DockerfileError) as caught:
        plan(parse("FROM scratch\nCOPY dir/missing /a\n"), request, FakeImages())

    assert caught.value.message == '"/dir/missing": not found in the directory x'


def test_links_and_directories_select_what_they_lead_to() -> None:
    tree = MemoryTree({"l": link("dir"), "dir": directory(mode=0o700), "dir/x": file("x", mode=0o600)})

    plan = plans("COPY l /x/", context=tree)

    (parts,) = plan.contents.values()
    assert [name for name, _ in parts] == ["dir", "dir/x"]
