from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.tree import MemoryTree, link
from stagemill.context.load import DockerfileText, dockerfile, dockerfile_in, ignore_rules
from stagemill.errors import ContextError


def test_the_dockerfile_of_the_context_is_found(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    (tmp_path / "dockerfile").write_text("FROM b\n")

    assert dockerfile(tmp_path) == DockerfileText(b"FROM a\n", "Dockerfile", tmp_path / "Dockerfile")


def test_its_name_may_be_in_lower_case(tmp_path: Path) -> None:
    (tmp_path / "dockerfile").write_text("FROM b\n")

    assert dockerfile(tmp_path).name == "dockerfile"


def test_a_given_dockerfile_may_lie_anywhere(tmp_path: Path) -> None:
    given = tmp_path / "build.dockerfile"
    given.write_text("FROM c\n")

    assert dockerfile(tmp_path / "context", given=given) == DockerfileText(b"FROM c\n", str(given), given)


def test_a_given_dockerfile_may_be_a_pipe(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"FROM d\n")
    os.close(write)

    actual = dockerfile(tmp_path, given=Path(f"/dev/fd/{read}")).data
    os.close(read)

    assert actual == b"FROM d\n"


@pytest.mark.parametrize("name", ["Dockerfile.dev", "DOCKERFILE", "api.Dockerfile", "Dokcerfile"])
def test_a_missing_dockerfile_is_an_error_that_names_the_nearest(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("FROM a\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("")

    with pytest.raises(ContextError) as caught:
        dockerfile(tmp_path)

    assert caught.value.message == f"there is no Dockerfile in {tmp_path}"
    assert caught.value.hint == f"did you mean {tmp_path}/{name}? name it with -f"


def test_a_missing_dockerfile_without_a_near_name_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ContextError) as caught:
        dockerfile(tmp_path)

    assert caught.value.hint == "name one with -f, or the right directory"


def test_a_given_dockerfile_that_is_missing_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "prod.txt").write_text("FROM a\n")

    with pytest.raises(ContextError) as caught:
        dockerfile(tmp_path, given=tmp_path / "prd.txt")

    assert caught.value.message == f"there is no file {tmp_path}/prd.txt"
    assert caught.value.hint == f"did you mean {tmp_path}/prod.txt? name it with -f"


def test_a_given_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContextError) as caught:
        dockerfile(tmp_path, given=tmp_path)

    assert (caught.value.message, caught.value.hint) == (f"{tmp_path} is a directory", "name the file itself")


def test_a_pipe_in_the_context_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Dockerfile")

    with pytest.raises(ContextError) as caught:
        dockerfile(tmp_path)

    assert caught.value.message == f"{tmp_path}/Dockerfile is not a regular file"
    assert caught.value.hint == "name a file with -f"


def test_a_huge_file_is_no_dockerfile(tmp_path: Path) -> None:
    with (tmp_path / "Dockerfile").open("wb") as file:
        file.truncate(17 << 20)

    with pytest.raises(ContextError) as caught:
        dockerfile(tmp_path)

    assert caught.value.message == f"{tmp_path}/Dockerfile is larger than 16 MiB"
    assert caught.value.hint == "is this the file you meant?"


def test_the_ignore_file_beside_the_dockerfile_replaces_that_of_the_context(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("a\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x.Dockerfile.dockerignore").write_text("b\n")

    found = ignore_rules(tmp_path, dockerfile=tmp_path / "other/x.Dockerfile")

    assert found
    assert [found.rules.excluded(path) for path in ("a", "b")] == [False, True]
    assert found.name == "x.Dockerfile.dockerignore"


@pytest.mark.parametrize("given", ["Dockerfile", None])
def test_the_ignore_file_of_the_context_counts_without_one_beside_the_dockerfile(
    tmp_path: Path, given: str | None
) -> None:
    (tmp_path / ".dockerignore").write_text("a\n")

    found = ignore_rules(tmp_path, dockerfile=tmp_path / given if given else None)

    assert found
    assert found.rules.excluded("a")


def test_podmans_names_count_where_there_is_none_of_dockers(tmp_path: Path) -> None:
    def found(*names: str) -> str:
        for path in tmp_path.iterdir():
            path.unlink()
        for name in names:
            (tmp_path / name).write_text("a\n")
        rules = ignore_rules(tmp_path, dockerfile=tmp_path / "Containerfile")
        assert rules
        return rules.name

    assert found(".containerignore") == ".containerignore"
    assert found(".containerignore", ".dockerignore") == ".dockerignore"
    assert found(".dockerignore", "Containerfile.containerignore") == "Containerfile.containerignore"


def test_without_an_ignore_file_there_are_no_rules(tmp_path: Path) -> None:
    assert ignore_rules(tmp_path, dockerfile=None) is None


def test_a_bad_pattern_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("a\n[\n")

    with pytest.raises(ContextError) as caught:
        ignore_rules(tmp_path, dockerfile=None)

    assert caught.value.message.startswith('.dockerignore:2: "[" is not a valid pattern')


class TestLinks:
    """Of the context: a file outside may be a secret, and errors show lines of what they read."""

    @pytest.fixture
    def context(self, tmp_path: Path) -> Path:
        (tmp_path / "outside").write_text("FROM outside\n")
        context = tmp_path / "context"
        context.mkdir()
        (context / "real").write_text("FROM inside\n")
        return context

    def test_one_that_stays_inside_is_followed(self, context: Path) -> None:
        (context / "Dockerfile").symlink_to("real")
        (context / ".dockerignore").symlink_to(context / "real")

        assert dockerfile(context).data == b"FROM inside\n"
        assert ignore_rules(context) is not None

    @pytest.mark.parametrize("named", [True, False])
    def test_one_that_leads_out_is_refused_with_what_to_write(self, context: Path, *, named: bool) -> None:
        (context / "Dockerfile").symlink_to("../outside")
        real = context.parent / "outside"

        with pytest.raises(ContextError) as caught:
            dockerfile(context, given=context / "Dockerfile" if named else None)

        assert caught.value.message == f"{context}/Dockerfile leads out of the build context, to {real}"
        assert caught.value.hint == f"if that is the file you mean, name it: -f {real}"
        assert dockerfile(context, given=real).data == b"FROM outside\n"

    def test_an_ignore_file_that_leads_out_is_refused(self, context: Path) -> None:
        (context / ".dockerignore").symlink_to("../outside")

        with pytest.raises(ContextError, match="leads out of the build context") as caught:
            ignore_rules(context)

        assert caught.value.hint == "put the file itself there"

    def test_one_that_lies_elsewhere_may_be_a_link(self, context: Path) -> None:
        (context.parent / "elsewhere").symlink_to("outside")

        assert dockerfile(context, given=context.parent / "elsewhere").data == b"FROM outside\n"


class TestNames:
    @pytest.mark.parametrize("name", ["Dockerfile", "dockerfile", "Containerfile"])
    def test_each_of_three_names_is_found(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("FROM a\n")

        assert dockerfile(tmp_path).name == name
        assert dockerfile_in(MemoryTree({name: "FROM a\n"}), "it").name == name

    def test_the_first_of_them_counts(self, tmp_path: Path) -> None:
        names = ["Containerfile", "dockerfile", "Dockerfile"]
        tree: dict[str, str] = {}
        for name in names:
            (tmp_path / name).write_text(f"FROM {name}\n")
            tree[name] = f"FROM {name}\n"

            assert dockerfile(tmp_path).name == name
            assert dockerfile_in(MemoryTree(tree), "it").data == f"FROM {name}\n".encode()

    def test_a_dockerfile_that_was_given_may_be_in_lower_case(self, tmp_path: Path) -> None:
        (tmp_path / "dockerfile").write_text("FROM a\n")

        assert dockerfile(tmp_path, given=tmp_path / "Dockerfile").name == f"{tmp_path}/dockerfile"
        assert (
            dockerfile_in(MemoryTree({"sub/dockerfile": "FROM a\n"}), "it", given="sub/Dockerfile").data == b"FROM a\n"
        )


class TestInside:
    """A Dockerfile of a tree that somebody else made."""

    TREE = MemoryTree({
        "sub/Dockerfile": "FROM a\n", "in": link("sub"), "etc/passwd": "FROM own\n", "out": link("/etc"), "up": link("../../../etc/passwd"),
    })  # fmt: skip

    @pytest.mark.parametrize(
        ("given", "text"),
        [
            ("sub/Dockerfile", "FROM a\n"), ("/sub/Dockerfile", "FROM a\n"), ("../sub/Dockerfile", "FROM a\n"),
            ("in/Dockerfile", "FROM a\n"), ("out/passwd", "FROM own\n"), ("up", "FROM own\n"),
        ],
    )  # fmt: skip
    def test_links_and_dots_stay_inside(self, given: str, text: str) -> None:
        assert dockerfile_in(self.TREE, "it", given=given).data == text.encode()

    def test_one_that_is_missing_is_an_error_that_names_the_nearest(self) -> None:
        with pytest.raises(ContextError) as caught:
            dockerfile_in(self.TREE, "the build context https://h/a", given="in/Dockerfle")

        assert caught.value.message == "there is no in/Dockerfle in the build context https://h/a"
        assert caught.value.hint == "did you mean in/Dockerfile? name it with -f"

    def test_without_a_near_one_it_says_what_to_do(self) -> None:
        with pytest.raises(ContextError) as caught:
            dockerfile_in(MemoryTree({"a": "1"}), "the build context")

        assert caught.value.message == "there is no Dockerfile in the build context"
        assert caught.value.hint == "name one with -f, relative to the context"

    @pytest.mark.parametrize("given", ["sub", ".", "in"])
    def test_a_directory_is_none(self, given: str) -> None:
        with pytest.raises(ContextError, match="in it is no file"):
            dockerfile_in(self.TREE, "it", given=given)

    def test_one_that_is_too_large_is_refused(self) -> None:
        with pytest.raises(ContextError, match="Dockerfile is larger than 16 MiB"):
            dockerfile_in(MemoryTree({"Dockerfile": "#" * ((16 << 20) + 1)}), "it")
