"""BuildKit's checks in its forms."""

from __future__ import annotations

import json

from fakes.images import FakeImages
from fakes.linting import lint_file
from fakes.planning import planned
from stagemill.dockerfile.parser import parse_prefix
from stagemill.errors import DockerfileError, Excerpt, StagemillError
from stagemill.lint import LintFile
from stagemill.lint.file import Alien
from stagemill.oci.config import ImageConfig
from stagemill.oci.platform import Platform
from stagemill.subrequests import check
from stagemill.subrequests.check import Checked

ARM, S390X = Platform("linux", "arm64"), Platform("linux", "s390x")
RULER = "--------------------"


def checked(text: str, error: StagemillError | None = None) -> Checked:
    return check.check(lint_file(text), error)


def test_nothing_to_find_is_said_and_status_0() -> None:
    found = checked("FROM scratch\n")

    assert (check.text(found), found.status) == ("Check complete, no warnings found.\n", 0)
    assert json.loads(check.json(found))["warnings"] is None


def test_our_own_rules_are_not_asked() -> None:
    assert checked("FROM scratch\nFROM scratch AS b\nCOPY --from=0 / /\n").warnings == ()


def test_a_warning_is_shown_with_the_lines_around_it() -> None:
    found = checked("FROM scratch\nUSER a\n\nMAINTAINER me\nUSER b\nUSER c\nUSER d\n")

    assert found.status == 1
    assert check.text(found).splitlines() == [
        "Check complete, 1 warning has been found!",
        "",
        "WARNING: MaintainerDeprecated - https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/",
        "Maintainer instruction is deprecated in favor of using label",
        "Dockerfile:4",
        RULER,
        "   2 |     USER a",
        "   3 |     ",
        "   4 | >>> MAINTAINER me",
        "   5 |     USER b",
        "   6 |     USER c",
        RULER,
    ]


def test_around_several_lines_there_are_fewer() -> None:
    shown = check.text(checked("FROM scratch\nCMD a \\\n b\nUSER x\nUSER y\n")).splitlines()

    assert shown[0] == "Check complete, 1 warning has been found!"
    assert shown[6:-1] == ["   1 |     FROM scratch", "   2 | >>> CMD a \\", "   3 | >>>  b", "   4 |     USER x"]


def test_two_are_counted() -> None:
    assert check.text(checked("FROM scratch AS A\nFROM scratch as b\n")).startswith(
        "Check complete, 2 warnings have been found!\n"
    )


def test_json_has_buildkits_fields() -> None:
    text = "FROM scratch\nCMD a \\\n b\n"

    document = json.loads(check.json(checked(text)))

    assert document["warnings"] == [
        {
            "ruleName": "JSONArgsRecommended",
            "description": "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to "
            "OS signals",
            "url": "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/",
            "detail": "JSON arguments recommended for CMD to prevent unintended behavior related to OS signals",
            "location": {
                "ranges": [{"start": {"line": 2}, "end": {"line": 2}}, {"start": {"line": 3}, "end": {"line": 3}}]
            },
        }
    ]
    assert [(one["filename"], one["language"]) for one in document["sources"]] == [("Dockerfile", "Dockerfile")]
    assert "buildError" not in document


def test_what_a_build_fails_with_has_its_place() -> None:
    error = DockerfileError("no", at=Excerpt("Dockerfile", 2, 1, 3, "RUN"))

    found = checked("FROM scratch\nRUN x\n", error)

    assert (found.status, check.text(found)) == (1, "")
    assert json.loads(check.json(found))["buildError"] == {
        "message": "no",
        "location": {"ranges": [{"start": {"line": 2}, "end": {"line": 2}}]},
    }


def test_an_error_in_another_file_has_no_place_in_this_one() -> None:
    error = DockerfileError("no", at=Excerpt("ONBUILD of x", 2, 1, 3, "RUN"))

    assert json.loads(check.json(checked("FROM scratch\n", error)))["buildError"]["location"] == {}


def test_of_a_file_with_a_mistake_what_stands_above_it_is_checked_as_far_as_it_is_read() -> None:
    dockerfile, error = parse_prefix("FROM scratch AS Bad\nMAINTAINER me\ncmd x\nBADCMD\n")

    found = check.check(LintFile.of(dockerfile), error, whole=False)

    assert [warning.rule for warning in found.warnings] == ["StageNameCasing", "MaintainerDeprecated"]
    assert found.error is error


def test_warnings_are_an_error_where_the_file_wants_that() -> None:
    found = checked("# check=error=true\nFROM scratch as a\nMAINTAINER me\n")

    assert found.error
    assert found.error.message == "lint violation found for rules: FromAsCasing, MaintainerDeprecated"
    assert check.text(found).endswith(f"{RULER}\n\n")


def test_a_plan_tells_the_images_and_the_stages() -> None:
    found = check.known([planned("FROM scratch\nFROM busybox AS a\nFROM a\n")], ignore=None)

    assert (set(found.bases), found.needed) == ({1}, frozenset({1, 2}))
    assert found.alien == ()


def test_a_plan_tells_the_images_of_other_platforms_than_were_wanted() -> None:
    images = FakeImages(
        busybox=ImageConfig(S390X), arm=ImageConfig(ARM), plain=ImageConfig(Platform("", "")), named=ImageConfig(ARM)
    )
    text = (
        "FROM busybox\nFROM --platform=$BUILDPLATFORM busybox AS a\nFROM arm\nFROM a\nFROM plain\nFROM other\n"
        "FROM --platform=linux/arm64/v9 arm\n"
    )
    plan = planned(text, images=images, platform=S390X, all_stages=True, contexts={"other": "docker-image://named"})

    assert check.known([plan, plan], ignore=None).alien == (
        Alien(1, Platform.local(), S390X), Alien(2, S390X, ARM),
    )  # fmt: skip
