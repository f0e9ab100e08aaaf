"""Repositories: which commit a name means, and what its files are like here. All with a real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from conformance.servers import make_repository
from fakes.asking import Builds
from fakes.disk import shown
from fakes.web import FakeWeb
from stagemill.errors import CancelledError, SourceError
from stagemill.graph.operations import Git
from stagemill.location import GitLocation, parse
from stagemill.store.store import Store

TIME = 1700000000
PERSON = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
Hub = Callable[[], str]


def git(folder: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **PERSON,
        "GIT_AUTHOR_DATE": f"{TIME} +0000", "GIT_COMMITTER_DATE": f"{TIME} +0000",
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def named(tmp_path: Path) -> dict[str, str]:
    """The repository `repo.git` of the hub: a commit for each name."""
    commits: list[dict[str, Any]] = [
        {"files": {"foo": "first", "run": {"text": "#!/bin/sh", "mode": "0755"}}, "tag": "v1", "branch": "main"},
        {"files": {"foo": "second", "sub/bar": "bar", "sub/deep/x": "x"}, "tag": "v2"},
        {"files": {"foo": "side"}, "branch": "side"},
    ]
    return make_repository(tmp_path / "hub" / "repo.git", {"commits": commits})


def location(text: str) -> GitLocation:
    found = parse(text)
    assert isinstance(found, GitLocation)
    return found


def refused(build: Builds, text: str, **settings: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        build(**settings).git(location(text))
    return caught.value


@pytest.fixture
def checked_out(build: Builds, store: Store, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """What a checkout holds. It lies in `out` afterwards."""

    def check_out(text: str, **settings: Any) -> dict[str, str]:
        into = tmp_path / "out"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        remotes = build(**settings)
        remotes.checkout(remotes.git(location(text)), into)
        return shown(into)

    return check_out


class TestResolve:
    @pytest.mark.parametrize(
        ("suffix", "commit", "name"),
        [
            ("", "main", "refs/heads/main"),
            ("#main", "main", "refs/heads/main"),
            ("#v1", "v1", "refs/tags/v1"),
            ("#refs/tags/v1", "v1", "refs/tags/v1"),
            ("#heads/side", "side", "refs/heads/side"),
            ("?branch=side", "side", "refs/heads/side"),
            ("?tag=v2", "v2", "refs/tags/v2"),
        ],
    )
    def test_a_name_is_a_commit(
        self, build: Builds, hub: Hub, named: dict[str, str], suffix: str, commit: str, name: str
    ) -> None:
        found = build().git(location(f"{hub()}/repo.git{suffix}"))

        assert (found.commit, found.ref) == (named[commit], name)

    def test_a_branch_comes_before_a_tag(self, build: Builds, hub: Hub, named: dict[str, str], tmp_path: Path) -> None:
        git(tmp_path / "hub" / "repo.git", "tag", "side", named["v1"])

        assert build().git(location(f"{hub()}/repo.git#side")).commit == named["side"]

    def test_a_commit_is_believed_and_nobody_asked(self, build: Builds) -> None:
        found = build().git(location(f"https://nosuch.invalid/r.git#{'a' * 40}"))

        assert (found.commit, found.ref) == ("a" * 40, "")

    def test_what_the_location_says_is_in_the_operation(self, build: Builds) -> None:
        text = f"https://u:pw@h/r.git?ref={'a' * 40}&subdir=d&submodules=false&mtime=checkout&keep-git-dir=true"

        found = build().git(location(text))

        assert found == Git("a" * 40, "d", keep_git_dir=False, submodules=False, checkout_times=True)
        assert (found.remote, found.login) == ("https://h/r.git", "u:pw")
        assert "pw" not in f"{found} {found.canonical()}"

    @pytest.mark.parametrize("length", [1, 7, 40])
    def test_a_checksum_may_be_the_beginning_of_the_commit(
        self, build: Builds, hub: Hub, named: dict[str, str], length: int
    ) -> None:
        text = f"{hub()}/repo.git?tag=v1&checksum={named['v1'][:length]}"

        assert build().git(location(text)).commit == named["v1"]

    def test_a_checksum_may_be_that_of_the_tag(
        self, build: Builds, hub: Hub, named: dict[str, str], tmp_path: Path
    ) -> None:
        tag = git(tmp_path / "hub" / "repo.git", "rev-parse", "v1")
        assert tag != named["v1"]

        assert build().git(location(f"{hub()}/repo.git?tag=v1&checksum={tag}")).commit == named["v1"]

    def test_another_commit_than_that_of_the_checksum_is_an_error(
        self, build: Builds, hub: Hub, named: dict[str, str]
    ) -> None:
        text = f"{hub()}/repo.git?branch=side&checksum={named['v1']}"

        error = refused(build, text)
        whole = refused(build, f"https://h/r.git?checksum=b#{'a' * 40}")

        assert error.message.startswith(f"expected checksum to match {named['v1']}, got {named['side']} for ")
        assert error.hint == "correct the checksum if the new commit is meant, else find out who moved it"
        assert whole.message.startswith(f"expected checksum to match b, got {'a' * 40}")

    def test_fetch_by_commit_believes_the_checksum(self, build: Builds) -> None:
        commit = "a" * 40

        found = build().git(location(f"https://h/r.git?fetch-by-commit&checksum={commit}#dev"))

        assert (found.commit, found.ref) == (commit, "refs/heads/dev")
        assert "needs a checksum" in refused(build, "https://h/r.git?fetch-by-commit&checksum=aa#dev").message

    def test_a_name_that_is_not_there_is_an_error(self, build: Builds, hub: Hub, named: dict[str, str]) -> None:
        error = refused(build, f"{hub()}/repo.git#nosuch")

        assert error.message == f"repository {hub()}/repo.git does not contain ref nosuch"
        assert error.hint == "correct the name; a commit is given by all of its digits"

    def test_a_repository_that_is_not_there_is_an_error(self, build: Builds, hub: Hub) -> None:
        error = refused(build, f"{hub()}/nosuch.git")

        assert "not found" in error.message
        assert error.hint is not None
        assert "--secret id=GIT_AUTH_TOKEN.127.0.0.1,env=VARIABLE" in error.hint

    def test_an_empty_repository_is_an_error(self, build: Builds, hub: Hub, tmp_path: Path) -> None:
        (tmp_path / "hub").mkdir()
        git(tmp_path / "hub", "init", "-q", "--bare", "empty.git")

        assert refused(build, f"{hub()}/empty.git").message.startswith("could not find the default branch of ")

    def test_ssh_needs_an_agent(self, build: Builds) -> None:
        error = refused(build, "git@127.0.0.1:r.git")

        assert error.message == "git@127.0.0.1:r.git is reached by SSH, and no SSH agent was given"
        assert error.hint == "add a key to your agent, and build with --ssh default"

    def test_a_closed_build_asks_nobody(self, build: Builds, hub: Hub) -> None:
        remotes = build()
        remotes.close()

        with pytest.raises(CancelledError):
            remotes.git(location(f"{hub()}/repo.git"))


@pytest.mark.skipif(os.geteuid() != 0, reason="shows owners as root makes them")
class TestCheckout:
    FIRST: ClassVar = {"foo": "file 0644 0:0 =first", "run": "file 0755 0:0 =#!/bin/sh"}

    def test_files_have_plain_modes_and_no_git(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, named: dict[str, str]
    ) -> None:
        assert checked_out(f"{hub()}/repo.git#v1") == self.FIRST

    def test_everything_has_the_time_of_the_commit(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, named: dict[str, str], tmp_path: Path
    ) -> None:
        checked_out(f"{hub()}/repo.git#v2")
        times = {path.lstat().st_mtime for path in (tmp_path / "out").rglob("*")} | {(tmp_path / "out").stat().st_mtime}
        checked_out(f"{hub()}/repo.git?tag=v2&mtime=checkout")

        assert times == {TIME}
        assert (tmp_path / "out" / "foo").stat().st_mtime > TIME

    def test_a_directory_is_what_is_in_it(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, named: dict[str, str]
    ) -> None:
        found = checked_out(f"{hub()}/repo.git#v2:sub")

        assert found == {"bar": "file 0644 0:0 =bar", "deep": "dir 0755 0:0", "deep/x": "file 0644 0:0 =x"}

    def test_a_commit_is_fetched_by_its_name(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, named: dict[str, str]
    ) -> None:
        assert checked_out(f"{hub()}/repo.git#{named['v1']}") == self.FIRST

    def test_a_server_that_gives_out_no_single_commits_gives_out_its_names(
        self, checked_out: Callable[..., dict[str, str]], web: FakeWeb, tmp_path: Path
    ) -> None:
        commits: list[Mapping[str, Any]] = [
            {"files": {"foo": "first"}, "tag": "v1", "branch": "main"},
            {"files": {"foo": "second"}},
        ]
        named = web.has_repository(tmp_path, "plain.git", commits)

        assert checked_out(f"{web.url}/plain.git#v1") == {"foo": "file 0644 0:0 =first"}
        assert checked_out(f"{web.url}/plain.git#{named['v1']}") == {"foo": "file 0644 0:0 =first"}
        assert checked_out(f"{web.url}/plain.git") == {"foo": "file 0644 0:0 =second"}

    def test_a_commit_that_is_not_there_is_an_error(
        self, build: Builds, hub: Hub, named: dict[str, str], tmp_path: Path
    ) -> None:
        with pytest.raises(SourceError) as caught:
            build().checkout(Git("a" * 40, remote=f"{hub()}/repo.git"), tmp_path)

        assert caught.value.message.startswith(f"{hub()}/repo.git does not have the commit {'a' * 40}")
        assert caught.value.hint == "it was removed meanwhile, or it is another repository's; build again"

    def test_the_repository_is_kept_where_it_is_asked_for(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, named: dict[str, str], tmp_path: Path
    ) -> None:
        for suffix, name in (("?tag=v1", "tags/v1"), ("", "heads/main"), ("?branch=side", "heads/side")):
            found = checked_out(
                f"{hub().replace('//', '//me:pw@')}/repo.git{suffix}{'&' if suffix else '?'}keep-git-dir"
            )
            config = (tmp_path / "out" / ".git" / "config").read_text()

            assert found[".git"] == "dir 0755 0:0"
            assert git(tmp_path / "out", "status", "--porcelain") == ""
            assert git(tmp_path / "out", "describe", "--all") == name
            assert f"url = {hub()}/repo.git" in config
            assert "pw" not in config

    def test_a_directory_comes_without_the_repository(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, named: dict[str, str]
    ) -> None:
        assert ".git" not in checked_out(f"{hub()}/repo.git?tag=v2&subdir=sub&keep-git-dir")

    def test_the_users_settings_and_hooks_mean_nothing(
        self,
        checked_out: Callable[..., dict[str, str]],
        hub: Hub,
        named: dict[str, str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (tmp_path / "hooks").mkdir()
        hook = tmp_path / "hooks" / "post-checkout"
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
        hook.chmod(0o755)
        config = (
            f'[core]\nhooksPath = {tmp_path}/hooks\nautocrlf = true\n[url "http://127.0.0.1:1/"]\ninsteadOf = http://\n'
        )
        (tmp_path / ".gitconfig").write_text(config)
        (tmp_path / "umask").mkdir()
        monkeypatch.setenv("HOME", str(tmp_path))
        before = os.umask(0o077)
        try:
            found = checked_out(f"{hub()}/repo.git#v1", environment=dict(os.environ))
        finally:
            os.umask(before)

        assert found == self.FIRST
        assert not (tmp_path / "hooked").exists()


class TestSubmodules:
    @pytest.fixture
    def outer(self, tmp_path: Path, named: dict[str, str]) -> Path:
        """The work tree of `outer.git`, which has `repo.git` as the submodule `lib`, by a relative URL."""
        bare = tmp_path / "hub" / "outer.git"
        make_repository(bare, {"commits": [{"files": {"a": "a"}, "branch": "main"}]})
        work = tmp_path / "outer"
        git(tmp_path, "clone", "-q", str(bare), str(work))
        git(work, "submodule", "add", "-q", "../repo.git", "lib")
        git(work, "commit", "-qam", "with lib")
        git(work, "push", "-q", "origin", "HEAD:main")
        return work

    def test_they_are_fetched_and_leave_nothing_of_git(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, outer: Path
    ) -> None:
        found = checked_out(f"{hub()}/outer.git")

        assert found["lib/foo"].endswith("=second")
        assert not [path for path in found if path.endswith(".git")]

    def test_they_may_be_left_out(self, checked_out: Callable[..., dict[str, str]], hub: Hub, outer: Path) -> None:
        found = checked_out(f"{hub()}/outer.git?submodules=false")

        assert "lib" in found
        assert "lib/foo" not in found

    def test_they_work_where_the_repository_is_kept(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, outer: Path, tmp_path: Path
    ) -> None:
        checked_out(f"{hub()}/outer.git?keep-git-dir")

        assert git(tmp_path / "out" / "lib", "status", "--porcelain") == ""

    def test_a_login_is_not_for_those_of_another_place(
        self, checked_out: Callable[..., dict[str, str]], hub: Hub, outer: Path, web: FakeWeb, tmp_path: Path
    ) -> None:
        web.has_repository(tmp_path / "web", "other.git", [{"files": {"b": "b"}, "branch": "main"}])
        git(outer, "submodule", "add", "-q", f"{web.url}/other.git", "other")
        git(outer, "commit", "-qam", "with other")
        git(outer, "push", "-q", "origin", "HEAD:main")
        web.requests.clear()

        found = checked_out(f"{hub()}/outer.git", secrets={"GIT_AUTH_TOKEN": b"secret"})

        assert found["other/b"].endswith("=b")
        assert {seen.headers.get("authorization") for seen in web.requests} == {None}

    def test_no_file_of_this_machine_is_one(self, build: Builds, hub: Hub, outer: Path, tmp_path: Path) -> None:
        git(outer, "submodule", "add", "-q", str(tmp_path / "hub" / "repo.git"), "local")
        git(outer, "commit", "-qam", "with local")
        git(outer, "push", "-q", "origin", "HEAD:main")
        (tmp_path / "out").mkdir()
        remotes = build()

        with pytest.raises(SourceError) as caught:
            remotes.checkout(remotes.git(location(f"{hub()}/outer.git")), tmp_path / "out")

        assert "transport 'file' not allowed" in caught.value.message
        assert str(tmp_path / "store") not in caught.value.message
        assert caught.value.hint == "repositories and submodules are fetched by http, https, ssh and git only"
        assert list((tmp_path / "out").iterdir()) == []


class TestDirectoriesThatLeadOut:
    @pytest.mark.parametrize(("subdir", "what"), [("link", "is no directory"), ("inner", "is no directory"),
        ("d/up", "is no directory"), ("foo", "is no directory"), ("nosuch", "does not exist")])  # fmt: skip
    def test_no_link_is_followed(self, build: Builds, hub: Hub, tmp_path: Path, subdir: str, what: str) -> None:
        files = {"foo": "x", "d/x": "x", "link": {"link": "/etc"}, "inner": {"link": "d"}, "d/up": {"link": "../.."}}
        make_repository(tmp_path / "hub" / "r.git", {"commits": [{"files": files, "branch": "main"}]})
        (tmp_path / "out").mkdir()
        remotes = build()

        with pytest.raises(SourceError) as caught:
            remotes.checkout(remotes.git(location(f"{hub()}/r.git#:{subdir}")), tmp_path / "out")

        assert caught.value.message == f"the directory {subdir!r} of {hub()}/r.git {what}"
        assert list((tmp_path / "out").iterdir()) == []


class TestLogins:
    TOKEN = "Basic eC1hY2Nlc3MtdG9rZW46dG9rZW4="  # x-access-token:token

    @pytest.mark.parametrize(
        ("secrets", "login", "header"),
        [
            ({"GIT_AUTH_TOKEN": b"token\n"}, "", TOKEN),
            ({"GIT_AUTH_TOKEN.127.0.0.1": b"token", "GIT_AUTH_TOKEN": b"other"}, "", TOKEN),
            ({"GIT_AUTH_HEADER": b"Digest x"}, "", "Digest x"),
            ({"GIT_AUTH_TOKEN.elsewhere": b"other"}, "me:pw@", "Basic bWU6cHc="),
        ],
    )
    def test_a_login_is_a_secret_or_in_the_url(
        self, build: Builds, web: FakeWeb, tmp_path: Path, secrets: dict[str, bytes], login: str, header: str
    ) -> None:
        named = web.has_repository(tmp_path, "r.git", [{"files": {"a": "a"}, "branch": "main"}])
        web.authorization = header

        found = build(secrets=secrets).git(location(f"{web.url.replace('//', f'//{login}')}/r.git"))

        assert found.commit == named["main"]

    def test_the_port_may_be_part_of_the_hosts_name(self, build: Builds, web: FakeWeb, tmp_path: Path) -> None:
        web.has_repository(tmp_path, "r.git", [{"files": {"a": "a"}, "branch": "main"}])
        web.authorization = self.TOKEN

        build(secrets={f"GIT_AUTH_TOKEN.{web.host}": b"token"}).git(location(f"{web.url}/r.git"))

    def test_who_is_refused_is_told_how_to_log_in(self, build: Builds, web: FakeWeb, tmp_path: Path) -> None:
        web.has_repository(tmp_path, "r.git", [{"files": {"a": "a"}, "branch": "main"}])
        web.authorization = self.TOKEN

        without = refused(build, f"{web.url}/r.git")
        wrong = refused(build, f"{web.url}/r.git", secrets={"GIT_AUTH_TOKEN": b"wrong-token"})

        assert without.hint == "it may want a token: --secret id=GIT_AUTH_TOKEN.127.0.0.1,env=VARIABLE"
        assert wrong.hint == "check the secret: its token is not taken"
        assert "wrong-token" not in f"{wrong.message}{wrong.hint}"


class TestSsh:
    def test_a_repository_is_reached_with_the_agent(self, build: Builds, named: dict[str, str], tmp_path: Path) -> None:
        """The ssh is a script that writes down what it is told, and runs on this machine what it should run there."""
        (tmp_path / "bin").mkdir()
        ssh = tmp_path / "bin" / "ssh"
        ssh.write_text(f'#!/bin/sh\necho "$SSH_AUTH_SOCK $@" >> {tmp_path}/told\nfor last; do :; done\neval "$last"\n')
        ssh.chmod(0o755)
        environment = {"PATH": f"{ssh.parent}:{os.environ['PATH']}"}
        remotes = build(environment=environment, agents={"default": Path("/the/agent")})
        (tmp_path / "out").mkdir()

        remotes.checkout(remotes.git(location(f"git@h:{tmp_path}/hub/repo.git#v1")), tmp_path / "out")

        assert (tmp_path / "out" / "foo").read_text() == "first"
        told = (tmp_path / "told").read_text().splitlines()
        assert {line.split()[0] for line in told} == {"/the/agent"}
        assert told[0].endswith(f" git@h git-upload-pack '{tmp_path}/hub/repo.git'")
