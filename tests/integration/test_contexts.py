"""Contexts by the real command line: from pipes and URLs, named ones, and none that leads out of itself."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from fakes.busybox import PASSWD
from fakes.mill import Mill
from fakes.web import FakeWeb, Page

pytestmark = pytest.mark.root

COPY = "FROM scratch\nCOPY . /\n"


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        yield running


def make_tar(files: Mapping[str, str], *, links: Mapping[str, str] | None = None, hard: bool = False) -> bytes:
    """A tar with names as they are, of files that belong to user 7, and links."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.LNKTYPE if hard else tarfile.SYMTYPE, target
            archive.addfile(member)
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.uid, member.mtime = len(text), 7, 1_700_000_000
            archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def files(mill: Mill, *arguments: str, stdin: bytes | None = None) -> dict[str, str]:
    """The files of what is built, and where its links lead."""
    ran = mill.ok("build", "--progress=quiet", "-o", "-", *arguments, stdin=stdin)
    found: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(ran.stdout)) as archive:
        for member in archive:
            data = archive.extractfile(member) if member.isfile() else None
            if data:
                found[member.name] = data.read().decode(errors="replace")
            elif member.issym():
                found[member.name] = f"-> {member.linkname}"
    return found


class TestRepository:
    COMMIT: Mapping[str, str] = {
        "Dockerfile": COPY,
        ".dockerignore": "ignored\n",
        "ignored": "not in a repository",
        "sub/Containerfile": "FROM scratch\nCOPY b /here/\n",
        "sub/b": "two",
    }

    @pytest.fixture
    def url(self, web: FakeWeb, tmp_path: Path) -> str:
        web.has_repository(tmp_path / "web", "r.git", [{"files": self.COMMIT, "branch": "main"}])
        return f"{web.url}/r.git"

    def test_all_of_it_is_the_context_and_no_ignore_file_counts(self, mill: Mill, url: str) -> None:
        assert files(mill, url) == self.COMMIT

    def test_its_own_directory_is_there_where_it_is_asked_for(self, mill: Mill, url: str) -> None:
        found = files(mill, "--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", url)

        assert ".git/HEAD" in found
        assert found["ignored"] == "not in a repository"

    @pytest.mark.parametrize("form", ["{}#main:sub", "{}?branch=main&subdir=sub"])
    def test_a_directory_of_it_is_a_context_of_its_own(self, mill: Mill, url: str, form: str) -> None:
        assert files(mill, form.format(url)) == {"here/b": "two"}

    def test_a_commit_is_fetched_once(self, mill: Mill, web: FakeWeb, url: str) -> None:
        mill.ok("build", "--progress=quiet", url)
        before = len(web.requests)

        ran = mill.ok("build", "--progress=rawjson", url)

        assert ran.executed == []
        assert len(web.requests) - before < before

    def test_a_dockerfile_may_come_from_elsewhere(self, mill: Mill, web: FakeWeb, url: str, tmp_path: Path) -> None:
        text = "FROM scratch\nCOPY sub/b /other\n"
        (tmp_path / "other").write_text(text)
        web.pages["/Dockerfile"] = Page(text.encode())

        assert files(mill, "-f", str(tmp_path / "other"), url) == {"other": "two"}
        assert files(mill, "-f", "-", url, stdin=text.encode()) == {"other": "two"}
        assert files(mill, "-f", f"{web.url}/Dockerfile", url) == {"other": "two"}

    def test_a_name_that_is_not_in_it_is_told(self, mill: Mill, url: str) -> None:
        said = mill.fail("build", "-f", "sub/Dockerfle", url)

        assert f"error: there is no sub/Dockerfle in the build context {url}\n" in said
        assert "hint: did you mean sub/Containerfile? name it with -f\n" in said

    def test_a_private_one_asks_for_a_token_and_takes_it(self, mill: Mill, web: FakeWeb, url: str) -> None:
        web.authorization = "Basic " + b64encode(b"x-access-token:t0ken").decode()
        host = url.removeprefix("http://").partition("/")[0]

        said = mill.fail("build", url)

        assert "hint: " in said
        assert "GIT_AUTH_TOKEN" in said
        (mill.folder / "token").write_text("t0ken")
        assert files(mill, "--secret", "id=GIT_AUTH_TOKEN,src=token", url) == self.COMMIT
        named = ("--secret", f"id=GIT_AUTH_TOKEN.{host},src=token", "--build-context", f"r={url}", "-f", "-", ".")
        assert files(mill, *named, stdin=b"FROM scratch\nCOPY --from=r sub/b /\n") == {"b": "two"}

    def test_without_an_agent_one_behind_ssh_is_told_what_it_needs(self, mill: Mill) -> None:
        said = mill.fail("build", "git@127.0.0.1:team/app.git")

        assert "hint: add a key to your agent, and build with --ssh default" in said

    @pytest.mark.parametrize(
        ("links", "arguments"),
        [
            ({"Dockerfile": "/etc/passwd"}, ()),
            ({"Dockerfile": "../../../../../../../../etc/passwd"}, ()),
            ({"sub": "/etc"}, ("-f", "sub/passwd")),
        ],
    )
    def test_no_link_in_it_leads_out(
        self, mill: Mill, web: FakeWeb, tmp_path: Path, links: Mapping[str, str], arguments: tuple[str, ...]
    ) -> None:
        commit = {"a": "1", **{name: {"link": target} for name, target in links.items()}}
        web.has_repository(tmp_path / "links", "l.git", [{"files": commit, "branch": "main"}])

        said = mill.fail("build", *arguments, f"{web.url}/l.git")

        assert "error: there is no " in said
        assert "root:" not in said

    def test_a_directory_of_it_that_is_a_link_stays_inside(self, mill: Mill, web: FakeWeb, tmp_path: Path) -> None:
        commit = {"Dockerfile": COPY, "out": {"link": "/etc"}, "in": {"link": "sub"}, "sub/Dockerfile": COPY}
        web.has_repository(tmp_path / "links", "l.git", [{"files": commit, "branch": "main"}])

        assert "hint: " in mill.fail("build", f"{web.url}/l.git#main:out")
        assert "root:" not in files(mill, f"{web.url}/l.git").get("out/passwd", "")

    def test_what_is_copied_through_a_link_stays_inside(self, mill: Mill, web: FakeWeb, tmp_path: Path) -> None:
        commit = {"Dockerfile": "FROM scratch\nCOPY out/passwd /\n", "out": {"link": "/etc"}, "etc/passwd": "own"}
        web.has_repository(tmp_path / "links", "l.git", [{"files": commit, "branch": "main"}])

        assert files(mill, f"{web.url}/l.git") == {"passwd": "own"}


class TestArchive:
    FILES: Mapping[str, str] = {"Dockerfile": COPY, ".dockerignore": "a\n", "a": "1"}

    @pytest.fixture(params=["tar", "gz", "bz2", "xz", "zst"])
    def packed(self, request: pytest.FixtureRequest) -> bytes:
        data = make_tar(self.FILES)
        compressions: Mapping[str, Callable[[bytes], bytes]] = {
            "tar": bytes,
            "gz": gzip.compress,
            "bz2": bz2.compress,
            "xz": lzma.compress,
            "zst": zstandard.ZstdCompressor().compress,
        }
        return compressions[request.param](data)

    def test_of_any_compression_it_is_a_context_from_a_pipe_or_a_url(
        self, mill: Mill, web: FakeWeb, packed: bytes
    ) -> None:
        web.pages["/context"] = Page(packed)

        assert files(mill, "-", stdin=packed) == self.FILES
        assert files(mill, f"{web.url}/context") == self.FILES

    def test_its_files_are_those_of_root(self, mill: Mill, web: FakeWeb) -> None:
        web.pages["/t"] = Page(
            make_tar({"Dockerfile": "FROM busybox\nCOPY a /\nRUN stat -c %u:%g /a > /owner\n", "a": "1"})
        )

        mill.ok("build", "--progress=quiet", "-t", "x", f"{web.url}/t")

        assert mill.cat("x", "/owner") == "0:0\n"

    def test_an_archive_that_does_not_change_is_unpacked_once(self, mill: Mill, web: FakeWeb) -> None:
        web.pages["/t"] = Page(make_tar(self.FILES), etag='"1"')
        mill.ok("build", "--progress=quiet", f"{web.url}/t")

        ran = mill.ok("build", "--progress=plain", f"{web.url}/t")

        assert "[internal] load remote build context\n#2 CACHED\n" in ran.err

    @pytest.mark.parametrize("hard", [False, True])
    @pytest.mark.parametrize("target", ["/etc", "../../../../../../../../../etc"])
    def test_a_member_below_a_link_is_refused(self, mill: Mill, web: FakeWeb, target: str, hard: bool) -> None:
        evil = make_tar({"Dockerfile": COPY, "out/stagemill-evil": "1"}, links={"out": target}, hard=hard)
        web.pages["/t"] = Page(evil)

        assert "error: " in mill.fail("build", "-", stdin=evil)
        ran = mill("build", f"{web.url}/t")

        assert "Traceback" not in ran.err
        assert not Path("/etc/stagemill-evil").exists()

    @pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
    def test_a_member_with_a_name_that_leads_out_lands_inside_or_is_refused(
        self, mill: Mill, web: FakeWeb, name: str
    ) -> None:
        evil = make_tar({"Dockerfile": COPY, name: "1"})
        web.pages["/t"] = Page(evil)

        for arguments in ("-",), (f"{web.url}/t",):
            ran = mill("build", "-o", "-", *arguments, stdin=evil)
            assert "Traceback" not in ran.err
            assert ran.status == 0 or "error: " in ran.err
        outside = [path for path in mill.folder.parent.rglob("evil") if not path.is_relative_to(mill.root / "layers")]
        assert outside == []
        assert not Path("/evil").exists()

    @pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../../../../etc/passwd"])
    def test_a_dockerfile_that_is_a_link_is_looked_for_inside(self, mill: Mill, web: FakeWeb, target: str) -> None:
        evil = make_tar({"a": "1"}, links={"Dockerfile": target})
        web.pages["/t"] = Page(evil)

        for arguments in ("-",), (f"{web.url}/t",):
            said = mill.fail("build", *arguments, stdin=evil)
            assert "error: there is no Dockerfile in the build context" in said
            assert "root:" not in said

    def test_a_dockerfile_that_is_no_file_is_told(self, mill: Mill) -> None:
        said = mill.fail("build", "-", stdin=make_tar({"Dockerfile/a": "1"}))

        assert "error: Dockerfile in the build context is no file\n" in said


class TestDockerfile:
    def test_one_that_is_fetched_is_built_with_itself_as_the_context(self, mill: Mill, web: FakeWeb) -> None:
        text = "FROM scratch\nCOPY context /\n"
        web.pages["/df"] = Page(text.encode())

        assert files(mill, f"{web.url}/df") == {"context": text}

    def test_an_error_in_it_names_the_url(self, mill: Mill, web: FakeWeb) -> None:
        web.pages["/df"] = Page(b"FROM scratch\nCOPPY a /\n")

        said = mill.fail("build", f"{web.url}/df")

        assert f"--> {web.url}/df:2\n" in said

    def test_one_that_is_fetched_has_the_directory_as_context_and_its_ignore_file(
        self, mill: Mill, web: FakeWeb
    ) -> None:
        mill.write({"a": "1", "b": "2", ".dockerignore": "b\n.dockerignore\n"})
        web.pages["/df"] = Page(COPY.encode())

        assert files(mill, "-f", f"{web.url}/df", ".") == {"a": "1"}

    def test_an_archive_is_none(self, mill: Mill, web: FakeWeb) -> None:
        web.pages["/t"] = Page(make_tar({"a": "1"}))

        said = mill.fail("build", "-f", f"{web.url}/t", ".")

        assert f"error: {web.url}/t is an archive, not a Dockerfile\n" in said
        assert "hint: give the URL as the context" in said

    def test_two_are_too_many(self, mill: Mill, web: FakeWeb) -> None:
        web.pages["/df"] = Page(COPY.encode())

        said = mill.fail("build", "-f", "other", f"{web.url}/df", status=2)

        assert f"error: {web.url}/df is a Dockerfile, and -f other names another one\n" in said

    def test_a_url_that_nobody_answers_is_told(self, mill: Mill) -> None:
        said = mill.fail("build", "http://127.0.0.1:1/x.tar")

        assert "error: cannot fetch http://127.0.0.1:1/x.tar: connection refused\n" in said
        assert "hint: check the URL" in said


class TestNamed:
    @pytest.fixture
    def src(self, mill: Mill) -> Path:
        """A directory beside the context, with an ignore file."""
        path = mill.folder.parent / "src"
        mill.write({"../src/a": "1", "../src/sub/b": "2", "../src/hidden": "3", "../src/.dockerignore": "hidden\n"})
        return path

    def test_a_directory_is_copied_from_mounted_and_begun_with(self, mill: Mill, src: Path) -> None:
        mill.build(
            "FROM busybox AS tools\nFROM src AS all\nFROM busybox\n"
            "RUN --mount=from=src,source=sub,target=/m cp /m/b /mounted && ! touch /m/x\n"
            "COPY --from=src a /copied\nCOPY --from=all / /whole\n"
            "RUN stat -c %u /copied > /owner; ls -A /whole > /names\n",
            *("-t", "x", "--build-context", f"src={src}"),
        )

        assert mill.cat("x", "/mounted", "/copied") == "21"
        assert mill.cat("x", "/owner") == "0\n"
        assert mill.cat("x", "/names").split() == [".dockerignore", "a", "sub"]

    def test_what_changes_in_it_is_built_again_and_nothing_else(self, mill: Mill, src: Path) -> None:
        text = "FROM busybox\nRUN true\nCOPY --from=src sub /s\n"
        arguments = ("--build-context", f"src={src}")
        mill.build(text, *arguments)
        (src / "a").write_text("changed")
        assert mill.build(text, *arguments).executed == []

        (src / "sub/b").write_text("changed")

        assert mill.build(text, *arguments).executed == ["COPY --from=src sub /s"]

    def test_what_its_ignore_file_hides_is_told(self, mill: Mill, src: Path) -> None:
        mill.write({"Dockerfile": "FROM scratch\nCOPY --from=src hidden /\n"})

        said = mill.fail("build", "--build-context", f"src={src}", ".")

        assert (
            f'"/hidden": not found in the context src ({src}), excluded by line 1 of .dockerignore ("hidden")' in said
        )
        assert "Dockerfile:2\n" in said

    @pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../../../../etc/passwd"])
    def test_no_link_in_it_leads_out(self, mill: Mill, src: Path, target: str) -> None:
        (src / "link").symlink_to(target)
        (src / "folder").symlink_to(os.path.dirname(target))

        for path in "link", "folder/passwd":
            mill.write({"Dockerfile": f"FROM scratch\nCOPY --from=src {path} /x\n"})
            said = mill.fail("build", "--build-context", f"src={src}", ".")
            assert f'"/{path}": not found in the context src' in said
        arguments = ("--build-context", f"src={src}", "-f", "-", ".")
        whole = files(mill, *arguments, stdin=b"FROM src\n")
        assert whole["link"] == f"-> {target}"
        assert not any("root:" in text for text in whole.values())
        mounting = b"FROM busybox\nRUN --mount=from=src,target=/m cat /m/link > /x\n"
        assert files(mill, *arguments, stdin=mounting)["x"] == PASSWD

    def test_it_takes_the_place_of_an_image_in_every_form(self, mill: Mill, src: Path) -> None:
        text = b"FROM docker.io/library/alpine:latest\nCOPY --from=alpine a /again\n"

        found = files(mill, "--build-context", f"alpine={src}", "-f", "-", ".", stdin=text)

        assert (found["a"], found["again"]) == ("1", "1")

    def test_an_archive_at_a_url_is_unpacked_and_any_other_file_is_called_context(
        self, mill: Mill, web: FakeWeb
    ) -> None:
        web.pages["/t"] = Page(make_tar({"in/a": "1", "../b": "2"}, links={"out": "/etc"}))
        web.pages["/f"] = Page(b"just a file")
        text = b"FROM t AS t\nFROM scratch\nCOPY --from=t in/a /\nCOPY --from=f context /f\nCOPY --from=f . /all/\n"

        found = files(
            mill, "--build-context", f"t={web.url}/t", "--build-context", f"f={web.url}/f", "-f", "-", ".", stdin=text
        )

        assert found == {"a": "1", "f": "just a file", "all/context": "just a file"}

    def test_a_repository_is_read_by_mounts_and_triggers(self, mill: Mill, web: FakeWeb, tmp_path: Path) -> None:
        web.has_repository(tmp_path / "web", "r.git", [{"files": {"x/a": "1", "b": "2"}, "branch": "main"}])
        mill.build("FROM busybox\nONBUILD COPY --from=repo x/a /triggered\n", "-t", "base")

        mill.build(
            "FROM base\nRUN --mount=from=repo,target=/m cp /m/b /mounted && ! test -e /m/.git\n",
            *("-t", "x", "--build-context", f"repo={web.url}/r.git"),
        )

        assert mill.cat("x", "/triggered", "/mounted") == "12"

    def test_an_image_of_a_layout_is_named_by_tag_or_digest(self, mill: Mill, tmp_path: Path) -> None:
        layout = tmp_path / "layout"
        mill.build(
            "FROM scratch\nCOPY <<EOF /one\n1\nEOF\nENV A=1\n", "-o", f"type=oci,tar=false,name=app:1,dest={layout}"
        )
        (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
        text = b"FROM busybox AS base\nFROM base\n"

        for place in f"{layout}:1", f"{layout}", f"{layout}@{entry['digest']}":
            found = files(mill, "--build-context", f"base=oci-layout://{place}", "-f", "-", ".", stdin=text)
            assert found == {"one": "1\n"}
        missing = entry["digest"][:-4] + "0000"
        mill.write({"Dockerfile": "FROM base\n"})
        said = mill.fail("build", "--build-context", f"base=oci-layout://{layout}@{missing}", ".")
        assert f"error: the context base: {layout} has no image {missing}\n" in said
        said = mill.fail("build", "--build-context", f"base=oci-layout://{layout}:2", ".")
        assert "has no image with the tag 2\n" in said

    def test_nothing_is_asked_for_what_is_not_used(self, mill: Mill, web: FakeWeb) -> None:
        mill.build(
            "FROM broken AS unused\nFROM busybox\n",
            *("--build-context", f"broken={web.url}/nosuch.git", "--build-context", f"other={web.url}/nosuch"),
        )

        assert web.requests == []

    def test_other_commands_that_build_know_them_too(self, mill: Mill, src: Path) -> None:
        mill.write({"Dockerfile": "FROM busybox\nCOPY --from=src a /a\n"})

        ran = mill.ok("shell", "--build-context", f"src={src}", "-c", "cat /a", ".")

        assert ran.out == "1"
        assert "COPY --from=src a /a" in mill.ok("size", "--build-context", f"src={src}", ".").out

    def test_what_is_a_directory_for_one_build_may_be_missing_for_none(self, mill: Mill, src: Path) -> None:
        mill.write({"Dockerfile": "FROM scratch\n"})

        said = mill.fail("build", "--build-context", f"src={src}x", ".", status=2)

        assert f"there is no directory {src}x\n" in said
        assert f"hint: did you mean {src}?\n" in said


class TestPolicy:
    def test_what_is_denied_is_told_with_its_rule_and_its_place(self, mill: Mill) -> None:
        rules = [
            {"action": "DENY", "selector": {"identifier": name}} for name in ("git://*", "docker-image://*/other:*")
        ]
        mill.write({"policy.json": json.dumps({"rules": rules}), "Dockerfile": "FROM other\n"})
        policed = replace(mill, settings={"EXPERIMENTAL_BUILDKIT_SOURCE_POLICY": "policy.json"})

        assert policed.fail("build", "--progress=plain", ".").splitlines() == [
            (
                "error: source 'docker-image://docker.io/library/other:latest' is denied by the source policy: "
                'rule 2 of policy.json, DENY "docker-image://*/other:*"'
            ),
            " --> Dockerfile:1",
            "1 | FROM other",
            "  |      ^^^^^",
            "hint: use another source, or have a rule that allows this one after that",
        ]

    def test_the_dockerfile_and_the_context_are_sources_too(self, mill: Mill) -> None:
        mill.write({"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"})
        for name in ("dockerfile", "context"):
            rule = {"action": "DENY", "selector": {"identifier": f"local://{name}"}}
            mill.write({"policy.json": json.dumps({"rules": [rule]})})
            policed = replace(mill, settings={"EXPERIMENTAL_BUILDKIT_SOURCE_POLICY": "policy.json"})

            assert f"source 'local://{name}' is denied" in policed.fail("build", "--progress=plain", ".")

    def test_a_policy_that_is_none_is_wrong_usage(self, mill: Mill) -> None:
        mill.write({"policy.json": '{"rules": [{"action": "FORBID"}]}', "Dockerfile": "FROM scratch\n"})
        policed = replace(mill, settings={"EXPERIMENTAL_BUILDKIT_SOURCE_POLICY": "policy.json"})

        assert "rule 1 of policy.json: action is" in policed.fail("build", "--progress=plain", ".", status=2)
