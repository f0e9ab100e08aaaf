"""The stages that can be built."""

from __future__ import annotations

import base64
import json

from stagemill.dockerfile.parser import parse
from stagemill.subrequests import targets

TEXT = """\
ARG V=1
# build compiles it
# and more
FROM --platform=$BUILDPLATFORM golang:${V} AS Build
RUN x

# not about final
FROM scratch \\
  AS final
FROM build
"""


def test_they_are_a_table_with_descriptions_and_the_default() -> None:
    found = targets.targets(parse(TEXT))

    assert targets.text(found).splitlines() == [
        "TARGET    DESCRIPTION",
        "build     compiles it",
        "final     ",
        "(default) ",
    ]


def test_a_default_with_a_name_has_both() -> None:
    assert targets.text(targets.targets(parse("FROM scratch AS a\n"))).splitlines()[1] == "a (default) "


def test_json_has_what_is_written() -> None:
    dockerfile = parse(TEXT)

    document = json.loads(targets.json(targets.targets(dockerfile), dockerfile))

    assert base64.b64decode(document["sources"][0]) == TEXT.encode()
    build, final, last = document["targets"]
    assert build == {
        "name": "build",
        "description": "compiles it",
        "base": "golang:${V}",
        "platform": "$BUILDPLATFORM",
        "location": {"ranges": [{"start": {"line": 4}, "end": {"line": 4}}]},
    }
    assert [one["start"]["line"] for one in final["location"]["ranges"]] == [8, 9]
    assert (last["default"], last["base"], "name" in last) == (True, "build", False)
