"""Why a source is not there."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from fakes.planning import marked, refused
from fakes.tree import MemoryTree, link
from stagemill.files.select import MissingSourceError, matches
from stagemill.graph.vertex import Selection
from stagemill.plan.missing import matches_nothing, missing_source
from stagemill.plan.request import FileContext

TREE = MemoryTree({"README.md": "", "src/app.js": "", "src/link": link("nowhere"), "folder": link("src")})


@dataclass
class Rules:
    """Hides the paths it was given."""

    hidden: dict[str, str] = field(default_factory=dict)

    def explain(self, path: str, /) -> str | None:
        return self.hidden.get(path)


def explained(source: str, ignored: Rules | None = None) -> tuple[str, str | None]:
    with pytest.raises(MissingSourceError) as caught:
        matches(TREE, Selection((source,)))
    return missing_source(caught.value, source, FileContext(TREE, ignored=ignored))


def test_a_rule_of_the_ignore_file_is_named() -> None:
    assert explained("secret", Rules({"secret": 'line 3 of .dockerignore ("sec*")'})) == (
        '"/secret": not found in the build context, excluded by line 3 of .dockerignore ("sec*")',
        "remove the rule, or add a line below it that begins with !",
    )


def test_a_near_name_is_offered() -> None:
    assert explained("readme.md") == ('"/readme.md": not found in the build context', "did you mean README.md?")
    assert explained("src/ap.js")[1] == "did you mean src/app.js?"
    assert explained("folder/ap.js")[1] == "did you mean folder/app.js?"


def test_a_path_outside_of_the_context_is_explained() -> None:
    expected = "sources are relative to the build context, and nothing outside of it can be copied"

    assert explained("/etc/passwd") == ('"/etc/passwd": not found in the build context', expected)
    assert explained("../other")[1] == expected
    assert explained("~/x")[1] == expected


def test_a_path_below_a_file_has_no_near_name() -> None:
    assert explained("README.md/x") == ('"/README.md/x": not found in the build context', None)


def test_what_the_context_has_is_said_where_nothing_else_can_be() -> None:
    for source, hint in {
        "README.md/x": "README.md is a file, not a directory",
        "src/zzz": "in src there are app.js and link",
        "zzz": "in the build context there are README.md, folder and src",
    }.items():
        assert refused(f"FROM scratch\nCOPY {source} /\n", context=TREE).hint == hint
    assert refused("FROM scratch\nCOPY x /\n", context=MemoryTree({})).hint == "the build context is empty"


def test_a_variable_without_a_value_is_told() -> None:
    one = refused("FROM scratch\nCOPY $A/ap.js /\n", context=TREE)
    two = refused("FROM scratch\nENV C=src\nCOPY README.md ${A}$B$C/ap.js /x/\n", context=TREE)
    default = refused("FROM scratch\nCOPY ${A:-src}/ap.js /\n", context=TREE)

    assert one.hint == "A has no value here: give it one with ARG or ENV in this stage, or with --build-arg"
    assert two.hint == "A and B have no value here: give it one with ARG or ENV in this stage, or with --build-arg"
    assert default.hint == "did you mean src/app.js?"


def test_backslashes_between_names_are_told() -> None:
    for source in "src\\app.js", "src\\\\app.js", "C:\\\\src\\\\app.js":
        assert refused(f"FROM scratch\nCOPY {source} /\n", context=TREE).hint == "did you mean src/app.js?"


def test_a_pattern_that_matches_nothing_says_so_and_why() -> None:
    context = FileContext(TREE, ignored=Rules({"*.log": "line 1 of .dockerignore"}))

    assert matches_nothing("*.log", "*.log", context) == (
        "*.log matches nothing in the build context, excluded by line 1 of .dockerignore",
        "remove the rule, or add a line below it that begins with !",
    )
    assert matches_nothing("*.txt", "*.txt", context)[0] == "*.txt matches nothing in the build context"


def test_a_link_that_leads_nowhere_is_not_offered_instead_of_itself() -> None:
    message, hint = explained("src/link")

    assert message == '"/src/link": not found in the build context'
    assert hint is not None
    assert "nowhere" in hint


def test_a_path_of_this_machine_is_cut_to_what_the_context_has_of_it() -> None:
    assert explained("/home/me/project/src/app.js")[1] == "did you mean src/app.js?"
    assert explained("../project/src/app.js")[1] == "did you mean src/app.js?"


def test_a_near_name_comes_after_a_stage() -> None:
    error = refused("FROM busybox AS build\nRUN make -o /lib/app.js\nFROM scratch\nCOPY lib/app.js /x/\n", context=TREE)

    assert error.hint == "to take it from the stage build, write --from=build; or did you mean src/app.js?"


@pytest.mark.parametrize("dash", ["\u2013", "\u2014"])
def test_a_flag_with_a_long_dash_is_told_from_a_name(dash: str) -> None:
    assert explained(f"{dash}from=build")[1] == (
        "did you mean the flag --from=build? there is a long dash where -- is due"
    )


@pytest.mark.parametrize(
    "line", ["WORKDIR /app", "RUN make -o /app/dist && true", "COPY README.md /app/", "RUN cp x '/app/dist'"]
)
def test_a_stage_that_names_the_path_is_offered(line: str) -> None:
    error = refused(f"FROM busybox AS build\n{line}\nFROM scratch\nCOPY /app/dist /x/\n", context=TREE)

    assert error.message == '"/app/dist": not found in the build context'
    assert error.hint == (
        "sources are relative to the build context, and nothing outside of it can be copied; "
        "or to take it from the stage build, write --from=build"
    )
    assert marked(error) == "Dockerfile:4: /app/dist"


@pytest.mark.parametrize(
    "line", ["WORKDIR /application", "RUN cat /app/dist2 x/app/dist", "WORKDIR /", "COPY README.md ."]
)
def test_a_stage_that_names_something_else_is_not_offered(line: str) -> None:
    error = refused(f"FROM busybox\n{line}\nFROM scratch\nCOPY /app/dist /x/\n", context=TREE)

    assert error.hint == "sources are relative to the build context, and nothing outside of it can be copied"


def test_a_stage_without_a_name_is_offered_by_its_number() -> None:
    error = refused("FROM busybox\nWORKDIR /out\nFROM scratch\nCOPY out/x /x/\n", context=TREE)

    assert error.hint == "to take it from the stage stage-0, write --from=0"


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("ADD /out/x /", "COPY --from=s"),
        ("COPY /out/x /", "--from=s"),
        ("RUN --mount=source=/out/x,target=/m y", "from=s"),
    ],
)
def test_what_to_write_depends_on_the_instruction(instruction: str, expected: str) -> None:
    error = refused(f"FROM busybox AS s\nWORKDIR /out\nFROM busybox\n{instruction}\n", context=TREE)

    assert error.hint is not None
    assert error.hint.endswith(f"to take it from the stage s, write {expected}")
