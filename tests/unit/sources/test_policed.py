"""What rules make of images, files, repositories and directories."""

from __future__ import annotations

from typing import TypeVar

import pytest

from stagemill.digest import Digest
from stagemill.errors import SourceError
from stagemill.location import GitLocation, HttpLocation, parse
from stagemill.sources import policed
from stagemill.sources.policed import File
from stagemill.sources.policy import Constraint, Policy, Rule, Selector, Updates

SUM = Digest.of(b"x")
T = TypeVar("T")


def to(identifier: str = "", *, of: str = "*", when: tuple[Constraint, ...] = (), **attributes: str) -> Policy:
    given = {key.replace("__", "."): value for key, value in attributes.items()}
    return Policy((Rule("rule 1", "CONVERT", Selector(of, constraints=when), Updates(identifier, given)),))


def denying(identifier: str) -> Policy:
    return Policy((Rule("rule 1", "DENY", Selector(identifier, "EXACT")),))


def http(text: str) -> HttpLocation:
    found = parse(text)
    assert isinstance(found, HttpLocation)
    return found


def git(text: str) -> GitLocation:
    found = parse(text)
    assert isinstance(found, GitLocation)
    return found


class TestImages:
    def test_are_known_by_their_full_names(self) -> None:
        with pytest.raises(SourceError, match=r"docker-image://docker\.io/library/a:latest"):
            policed.image(denying("docker-image://docker.io/library/a:latest"), "a")
        with pytest.raises(SourceError, match="denied"):
            policed.image(denying(f"docker-image://h.io/a:1@{SUM}"), f"h.io/a:1@{SUM}")
        assert policed.image(denying("docker-image://a"), "a") == "a"

    def test_become_others(self) -> None:
        assert policed.image(to("docker-image://h.io/b"), "a") == "h.io/b:latest"
        assert policed.image(to("oci-layout://dir:tag"), "a") == "oci-layout://dir:tag"
        assert (
            policed.image(to("docker-image://b", of="oci-layout://d"), "oci-layout://d") == "docker.io/library/b:latest"
        )

    def test_may_be_held_to_a_digest(self) -> None:
        assert policed.image(to(image__checksum=SUM), "a:1") == f"docker.io/library/a:1@{SUM}"

    def test_may_be_told_by_whether_the_registry_is_asked(self) -> None:
        policy = to("docker-image://b", when=(Constraint("image.resolvemode", "pull"),))

        assert policed.image(policy, "a") == "a"
        assert policed.image(policy, "a", pull=True) == "docker.io/library/b:latest"

    def test_cannot_become_anything_else(self) -> None:
        with pytest.raises(SourceError) as caught:
            policed.image(to("https://h/x"), "a")

        assert caught.value.message == (
            'the source policy cannot be kept to: rule 1, CONVERT "*": '
            "'docker-image://docker.io/library/a:latest' is an image, and https is not"
        )
        assert caught.value.hint == "let the rule name an image"


class TestFiles:
    def test_become_others_and_keep_their_names(self) -> None:
        assert policed.file(to("https://m/b"), http("https://h/a"), SUM) == File(http("https://m/b"), SUM, "a")
        assert policed.file(to("https://m/b", http__filename="c"), http("https://h/a"), None).name == "c"

    def test_may_be_held_to_a_checksum(self) -> None:
        assert policed.file(to(http__checksum=SUM), http("https://h/a"), None).checksum == SUM
        with pytest.raises(SourceError, match=r"http\.checksum is 'md5:0'"):
            policed.file(to(http__checksum="md5:0"), http("https://h/a"), None)

    def test_a_login_stays_with_its_host(self) -> None:
        assert policed.file(to("https://h/b"), http("https://me:pw@h/a"), None).location.login == "me:pw"
        assert policed.file(to("https://m/b"), http("https://me:pw@h/a"), None).location.login == ""

    def test_are_denied_by_their_urls_without_logins(self) -> None:
        with pytest.raises(SourceError, match="'https://h/a' is denied"):
            policed.file(denying("https://h/a"), http("https://me:pw@h/a"), None)

    @pytest.mark.parametrize("other", ["https://h/r.git", "docker-image://b", "nothing"])
    def test_cannot_become_anything_else(self, other: str) -> None:
        with pytest.raises(SourceError, match=r"is a file, and (https|docker-image|nothing) is not"):
            policed.file(to(other), http("https://h/a"), None)


class TestRepositories:
    @pytest.mark.parametrize(
        ("text", "identifier"),
        [
            ("https://me:pw@h:8/a/b.git", "git://h:8/a/b.git"),
            ("git@h:a/b.git#main", "git://h/a/b.git#main"),
            ("ssh://git@h/a/b.git#:sub", "git://h/a/b.git#:sub"),
            ("https://h/r.git?ref=v1&subdir=x", "git://h/r.git#v1:x"),
        ],
    )
    def test_are_one_source_however_they_are_reached(self, text: str, identifier: str) -> None:
        with pytest.raises(SourceError, match="is denied"):
            policed.repository(denying(identifier), git(text))

    def test_become_other_commits(self) -> None:
        found = policed.repository(to("git://h/r.git#v2:sub"), git("https://me:pw@h/r.git#v1"))

        assert (str(found), found.login) == ("https://h/r.git#v2:sub", "me:pw")

    def test_are_fetched_from_elsewhere(self) -> None:
        found = policed.repository(to(git__fullurl="https://m/mirror"), git("https://me:pw@h/r.git#v1"))

        assert (str(found), found.login) == ("https://m/mirror#v1", "")

    def test_that_are_others_must_say_from_where(self) -> None:
        both = to("git://m/r.git#v1", git__fullurl="https://m/r.git")

        assert str(policed.repository(both, git("https://h/r.git#v1"))) == "https://m/r.git#v1"
        with pytest.raises(
            SourceError, match=r"git\.fullurl is still https://h/r\.git, while the identifier is git://m/r"
        ):
            policed.repository(to("git://m/r.git#v1"), git("https://h/r.git#v1"))

    def test_keep_what_was_asked_of_them_or_get_what_a_rule_says(self) -> None:
        asked = git("https://h/r.git?keep-git-dir=1&submodules=0&mtime=commit&checksum=abc")

        kept = policed.repository(to("git://h/r.git#v1"), asked)
        assert (kept.keep_git_dir, kept.submodules, kept.mtime, kept.checksum) == (True, False, "commit", "abc")
        changed = policed.repository(
            to(git__checksum="def", git__mtime="checkout", git__keepgitdir="true", git__skipsubmodules="true"),
            git("https://h/r.git"),
        )
        assert (changed.keep_git_dir, changed.submodules) == (True, False)
        assert (changed.mtime, changed.checksum) == ("checkout", "def")

    @pytest.mark.parametrize(
        ("policy", "why"),
        [
            (to("https://h/x"), "is a repository, and https is not"),
            (to(git__checksum="xyz"), "invalid checksum xyz"),
            (to(git__mtime="now"), "git.mtime is 'now'"),
            (to(git__fullurl="nowhere"), "'nowhere' is no URL that can be asked for"),
            (to("git://h/r.git#../x"), "invalid git ref"),
        ],
    )
    def test_cannot_become_what_is_none(self, policy: Policy, why: str) -> None:
        with pytest.raises(SourceError, match=why):
            policed.repository(policy, git("https://h/r.git"))


class TestDirectories:
    def test_are_denied_by_the_names_of_their_contexts(self) -> None:
        policed.admit_files(denying("local://other"), "context")
        with pytest.raises(SourceError, match="'local://context' is denied"):
            policed.admit_files(denying("local://context"), "context")

    def test_cannot_become_anything_else(self) -> None:
        with pytest.raises(SourceError, match="'local://context' is a directory, and https is not"):
            policed.admit_files(to("https://h/x"), "context")
