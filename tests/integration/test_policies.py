"""Policies in Rego by the real command line, with servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.blobs import make_image
from fakes.mill import Mill
from fakes.registry import FakeRegistry
from fakes.web import FakeWeb, Page

pytestmark = pytest.mark.root

POLICY = """\
package docker

default allow := false

allow if input.local
allow if endswith(input.image.fullRepo, "/team/good")
allow if input.http.path == "/good"
allow if { endswith(input.git.remote, "/good.git"); input.git.branch == "main" }

deny_msg contains sprintf("%s is not one of ours", [input.image.fullRepo]) if input.image
deny_msg contains sprintf("%s, for %s", [input.http.path, input.env.target]) if input.http
deny_msg contains sprintf("no %s", [input.git.remote]) if input.git

decision := {"allow": allow, "deny_msg": deny_msg}
"""
SOURCES = """\
FROM {registry}/team/{image}:1 AS app
ADD {web}/{file} /
ADD {web}/{repository}.git#refs/heads/main /repository
"""


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        image = make_image(running.blobs, {"base": b"1"})
        for name in ("good", "bad"):
            running.push(f"team/{name}", "1", image)
        yield running


@pytest.fixture
def web(tmp_path: Path) -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        for name in ("good", "bad"):
            running.pages[f"/{name}"] = Page(b"file")
            running.has_repository(tmp_path / "web", f"{name}.git", [{"files": {"a": "1"}, "branch": "main"}])
        yield running


def write(mill: Mill, registry: FakeRegistry, web: FakeWeb, *, policy: str = POLICY, **names: str) -> None:
    parts = {"image": "good", "file": "good", "repository": "good", **names}
    text = SOURCES.format(registry=registry.host, web=web.url, **parts)
    mill.write({"Dockerfile": text, "Dockerfile.rego": policy, "other.rego": policy})


def test_what_is_allowed_is_built(mill: Mill, registry: FakeRegistry, web: FakeWeb) -> None:
    write(mill, registry, web)

    mill.ok("build", "--progress=plain", "-o", "out", ".")

    assert sorted(path.name for path in (mill.folder / "out").iterdir()) == ["base", "good", "repository"]


@pytest.mark.parametrize(
    ("part", "line", "source", "why"),
    [
        ("image", 1, "docker-image://{registry}/team/bad:1", "{registry}/team/bad is not one of ours"),
        ("file", 2, "{web}/bad", "/bad, for app"),
        ("repository", 3, "git://{host}/bad.git#refs/heads/main", "no {web}/bad.git"),
    ],
)
@pytest.mark.parametrize("given", [(), ("--policy", "reset=true,filename=other.rego")])
def test_what_is_denied_is_told_with_the_reason_and_its_place(
    mill: Mill,
    registry: FakeRegistry,
    web: FakeWeb,
    part: str,
    line: int,
    source: str,
    why: str,
    given: tuple[str, ...],
) -> None:
    write(mill, registry, web, **{part: "bad"})
    name = "other.rego" if given else "Dockerfile.rego"
    places = {"registry": registry.host, "web": web.url, "host": web.host}

    said = mill.fail("build", "--progress=plain", "--target", "app", *given, ".")

    message = f"source '{source.format(**places)}' is denied by the policy {name}: {why.format(**places)}"
    assert f"error: {message}\n --> Dockerfile:{line}\n" in said
    assert not [seen for seen in (*registry.requests, *web.requests) if "bad" in seen.path]


def test_without_a_policy_all_of_it_is_built(mill: Mill, registry: FakeRegistry, web: FakeWeb) -> None:
    write(mill, registry, web, image="bad", file="bad", repository="bad")

    mill.ok("build", "--policy", "disabled=true", ".")


def test_the_dockerfile_is_a_source_too(mill: Mill) -> None:
    mill.write({"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"})
    mill.write({"Dockerfile.rego": 'package docker\ndecision := {"allow": input.local.name != "dockerfile"}\n'})

    assert "source 'local://dockerfile' is denied by the policy" in mill.fail("build", ".")


def test_a_policy_that_asks_for_what_is_not_there_allows_nothing(
    mill: Mill, registry: FakeRegistry, web: FakeWeb
) -> None:
    write(mill, registry, web, policy=f'{POLICY}allow if not verify_git_signature(input.git, "key")\n')

    said = mill.fail("build", ".", status=2)

    assert "the policy Dockerfile.rego cannot be kept to: there is no function verify_git_signature\n" in said


def test_it_tells_of_decisions_as_much_as_is_asked_for(mill: Mill, registry: FakeRegistry, web: FakeWeb) -> None:
    write(mill, registry, web)
    said = {
        level: mill.ok("build", "--progress=plain", "--policy", f"log-level={level}", ".").err
        for level in ("warn", "info", "debug")
    }

    decided = f"policy Dockerfile.rego: {web.url}/good is allowed\n"
    assert [decided in said[level] for level in said] == [False, True, True]
    assert ['"path": "/good"' in said[level] for level in said] == [False, False, True]


@pytest.mark.parametrize(("branch", "built"), [("main", True), ("other", False)])
def test_what_a_short_name_is_decides_when_it_was_looked_up(
    mill: Mill, web: FakeWeb, branch: str, *, built: bool
) -> None:
    mill.write({"Dockerfile": f"FROM scratch\nADD {web.url}/good.git#main /\n"})
    rule = f'allow if input.git.ref == "refs/heads/{branch}"\n'
    mill.write({"Dockerfile.rego": f'package docker\nallow if input.local\n{rule}decision := {{"allow": allow}}\n'})

    if built:
        mill.ok("build", "--policy", "strict=true", ".")
    else:
        assert "Dockerfile.rego has no decision for" in mill.fail("build", ".")
