from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.context.load import DockerfileText, dockerfile, ignore_rules
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


def test_without_an_ignore_file_there_are_no_rules(tmp_path: Path) -> None:
    assert ignore_rules(tmp_path, dockerfile=None) is None


def test_a_bad_pattern_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("a\n[\n")

    with pytest.raises(ContextError) as caught:
        ignore_rules(tmp_path, dockerfile=None)

    assert caught.value.message.startswith('.dockerignore:2: "[" is not a valid pattern')
