"""Beside hadolint: for each of its numbers a text that it finds and one that it does not, and what is found here.

The texts are ours; what hadolint says of such ones is known from its pages and tests. Where the answer here is another one,
docs/hadolint.md says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fakes.linting import lint_file
from stagemill.lint.choice import RULES
from stagemill.lint.file import Known
from stagemill.lint.policy import Policy
from stagemill.lint.rules import check

ANYTHING = Policy()
PAGE = Path(__file__).parents[3] / "docs" / "hadolint.md"
LABELS = Policy(
    labels={"home": "url", "made": "rfc3339", "terms": "spdx", "commit": "hash", "release": "semver", "who": "email"}
)


@dataclass(frozen=True)
class Case:
    """`bad` is found by hadolint, `good` is not; `differs` are those of the two that have another answer here."""

    number: str
    bad: str
    good: str
    differs: str = ""
    policy: Policy = ANYTHING


CASES = [
    Case("DL1001", "FROM a:1\n# hadolint ignore=DL3004\nRUN sudo x", "FROM a:1\nRUN x"),
    Case("DL3000", "FROM a:1\nWORKDIR srv", "FROM a:1\nWORKDIR /srv"),
    Case("DL3001", "FROM a:1\nRUN top -b", "FROM a:1\nRUN make"),
    Case("DL3001", "FROM a:1\nRUN mount /x", "FROM a:1\nRUN ls", "bad"),
    Case("DL3002", "FROM a:1\nUSER root", "FROM a:1\nUSER root\nRUN x\nUSER web"),
    Case("DL3003", "FROM a:1\nRUN cd /srv && make", "FROM a:1\nWORKDIR /srv\nRUN make"),
    Case("DL3003", "FROM a:1\nRUN make && cd /tmp && ls", "FROM a:1\nRUN make", "bad"),
    Case("DL3004", "FROM a:1\nRUN sudo make", "FROM a:1\nRUN make"),
    Case("DL3006", "FROM debian", "FROM debian:12"),
    Case("DL3007", "FROM debian:latest", "FROM debian:12"),
    Case("DL3008", "FROM a:1\nRUN apt-get install curl", "FROM a:1\nRUN apt-get install curl=8.*"),
    Case("DL3009", "FROM a:1\nRUN apt-get update && apt-get install curl", "FROM a:1\nRUN apt-get update && apt-get install curl && rm -rf /var/lib/apt/lists/*"),
    Case("DL3009", "FROM a:1 AS b\nRUN apt-get update && apt-get install curl\nFROM b", "FROM a:1 AS b\nRUN apt-get update && apt-get install curl\nFROM c:1\nCOPY --from=b /x /x"),
    Case("DL3010", "FROM a:1\nCOPY src.tar.gz /src/\nRUN tar -xzf /src/src.tar.gz", "FROM a:1\nADD src.tar.gz /src/"),
    Case("DL3011", "FROM a:1\nEXPOSE 70000", "FROM a:1\nEXPOSE 8080"),
    Case("DL3012", "FROM a:1\nHEALTHCHECK CMD x\nHEALTHCHECK CMD y", "FROM a:1\nHEALTHCHECK CMD x"),
    Case("DL3013", "FROM a:1\nRUN pip install flask", "FROM a:1\nRUN pip install flask==3.1"),
    Case("DL3014", "FROM a:1\nRUN apt-get install curl=8", "FROM a:1\nRUN apt-get install --quiet --quiet curl=8"),
    Case("DL3015", "FROM a:1\nRUN apt-get install -y curl=8", "FROM a:1\nRUN apt-get install -y --no-install-recommends curl=8"),
    Case("DL3016", "FROM a:1\nRUN npm install express", "FROM a:1\nRUN npm install express@5.1.0"),
    Case("DL3018", "FROM a:1\nRUN apk add --no-cache curl", "FROM a:1\nRUN apk add --no-cache curl=8.1-r0"),
    Case("DL3019", "FROM a:1\nRUN apk add curl=8.1-r0", "FROM a:1\nRUN apk add --no-cache curl=8.1-r0"),
    Case("DL3019", "FROM a:1\nRUN apk add curl=8 && rm -rf /var/cache/apk/*", "FROM a:1\nRUN true", "bad"),
    Case("DL3020", "FROM a:1\nADD conf.yaml /etc/", "FROM a:1\nCOPY conf.yaml /etc/"),
    Case("DL3021", "FROM a:1\nCOPY one two /srv", "FROM a:1\nCOPY one two /srv/"),
    Case("DL3022", "FROM a:1 AS build\nFROM b:1\nCOPY --from=biuld /x /x", "FROM a:1 AS build\nFROM b:1\nCOPY --from=build /x /x"),
    Case("DL3022", "FROM b:1\nCOPY --from=other /x /x", "FROM b:1\nCOPY /x /x", "bad"),
    Case("DL3023", "FROM a:1 AS one\nCOPY --from=one /x /y", "FROM a:1 AS one\nFROM b:1\nCOPY --from=one /x /y"),
    Case("DL3024", "FROM a:1 AS one\nFROM b:1 AS one", "FROM a:1 AS one\nFROM b:1 AS two"),
    Case("DL3025", "FROM a:1\nCMD serve --port 80", 'FROM a:1\nCMD ["serve", "--port", "80"]'),
    Case("DL3025", "FROM a:1\nHEALTHCHECK CMD probe", 'FROM a:1\nHEALTHCHECK CMD ["probe"]', "bad"),
    Case("DL3026", "FROM example.com/a:1", "FROM trusted.example.com/a:1", policy=Policy(("trusted.example.com",))),
    Case("DL3026", "FROM trusted.example.com/a:1\nRUN --mount=from=example.com/b:1,target=/b x", "FROM trusted.example.com/a:1\nRUN --mount=type=cache,target=/b x", policy=Policy(("trusted.example.com",))),
    Case("DL3027", "FROM a:1\nRUN apt install -y curl", "FROM a:1\nRUN apt-get install -y curl"),
    Case("DL3028", "FROM a:1\nRUN gem install rake", "FROM a:1\nRUN gem install rake:13.0 -- --with-zlib dir"),
    Case("DL3028", "FROM a:1\nRUN gem install rake", "FROM a:1\nRUN gem install rake:13.0 --with-zlib dir", "good"),
    Case("DL3029", "FROM --platform=linux/amd64 a:1", "FROM --platform=$BUILDPLATFORM a:1"),
    Case("DL3030", "FROM a:1\nRUN yum install curl-8.1", "FROM a:1\nRUN yum install -y curl-8.1"),
    Case("DL3032", "FROM a:1\nRUN yum install -y curl-8.1", "FROM a:1\nRUN yum install -y curl-8.1 && yum clean all"),
    Case("DL3033", "FROM a:1\nRUN yum install -y curl", "FROM a:1\nRUN yum install -y curl-8.1"),
    Case("DL3033", "FROM a:1\nRUN yum install -y curl-$nothing", "FROM a:1\nENV some=8.1\nRUN yum install -y curl-$some", "bad"),
    Case("DL3034", "FROM a:1\nRUN zypper install curl=8", "FROM a:1\nRUN zypper install --no-confirm curl=8"),
    Case("DL3035", "FROM a:1\nRUN zypper dup -y", "FROM a:1\nRUN zypper install -y curl=8"),
    Case("DL3035", "FROM a:1\nRUN zypper update -y", "FROM a:1\nRUN zypper install -y curl=8", "bad"),
    Case("DL3036", "FROM a:1\nRUN zypper install -y curl=8", "FROM a:1\nRUN zypper install -y curl=8 && zypper clean"),
    Case("DL3037", "FROM a:1\nRUN zypper install -y curl", "FROM a:1\nRUN zypper install -y curl=8"),
    Case("DL3038", "FROM a:1\nRUN dnf install curl-8.1", "FROM a:1\nRUN dnf install -y curl-8.1"),
    Case("DL3038", "FROM a:1\nRUN microdnf install curl-8.1", "FROM a:1\nRUN microdnf install -y curl-8.1", "bad"),
    Case("DL3040", "FROM a:1\nRUN dnf install -y curl-8.1", "FROM a:1\nRUN dnf install -y curl-8.1 && dnf clean all"),
    Case("DL3041", "FROM a:1\nRUN dnf install -y curl", "FROM a:1\nRUN dnf install -y curl-8.1"),
    Case("DL3042", "FROM a:1\nRUN pip install flask==3.1", "FROM a:1\nRUN pip install --no-cache-dir flask==3.1"),
    Case("DL3044", "FROM a:1\nENV A=/x B=$A/y", "FROM a:1\nENV A=/x\nENV B=$A/y"),
    Case("DL3045", "FROM a:1\nCOPY one two", "FROM a:1\nWORKDIR /srv\nCOPY one two"),
    Case("DL3045", "FROM scratch\nCOPY one two", "FROM scratch\nCOPY one /two", "bad"),
    Case("DL3046", "FROM a:1\nRUN useradd -u 1234567 web", "FROM a:1\nRUN useradd -l -u 1234567 web"),
    Case("DL3047", "FROM a:1\nRUN wget https://example.com/a", "FROM a:1\nRUN wget --progress=dot:giga https://example.com/a"),
    Case("DL3048", "FROM a:1\nLABEL a..b=1", "FROM a:1\nLABEL a.b=1"),
    Case("DL3048", "FROM a:1\nLABEL a$b=1", "FROM a:1\nLABEL a-b=1", "bad"),
    Case("DL3049", "FROM a:1", "FROM a:1\nLABEL home=https://example.com", policy=Policy(labels={"home": "url"})),
    Case("DL3050", "FROM a:1\nLABEL home=https://example.com extra=1", "FROM a:1\nLABEL home=https://example.com", policy=Policy(labels={"home": "url"}, only_labels=True)),
    Case("DL3051", 'FROM a:1\nLABEL home=""', "FROM a:1\nLABEL home=https://example.com", policy=LABELS),
    Case("DL3051", 'FROM a:1\nLABEL home=""', 'FROM a:1\nLABEL extra=""', "good", policy=LABELS),
    Case("DL3052", "FROM a:1\nLABEL home=nowhere", "FROM a:1\nLABEL home=https://example.com", policy=LABELS),
    Case("DL3053", "FROM a:1\nLABEL made=today", "FROM a:1\nLABEL made=2026-11-29T12:00:00Z", policy=LABELS),
    Case("DL3054", 'FROM a:1\nLABEL terms="free for all"', "FROM a:1\nLABEL terms=MIT", policy=LABELS),
    Case("DL3054", "FROM a:1\nLABEL terms=No-Such", "FROM a:1\nLABEL terms=Apache-2.0", "bad", policy=LABELS),
    Case("DL3055", "FROM a:1\nLABEL commit=newest", "FROM a:1\nLABEL commit=0123abc", policy=LABELS),
    Case("DL3056", "FROM a:1\nLABEL release=next", "FROM a:1\nLABEL release=1.2.3", policy=LABELS),
    Case("DL3057", "FROM a:1\nCMD x", "FROM a:1\nHEALTHCHECK CMD probe\nCMD x"),
    Case("DL3057", "FROM a:1", "FROM a:1\nHEALTHCHECK NONE", "bad"),
    Case("DL3058", "FROM a:1\nLABEL who=me", "FROM a:1\nLABEL who=me@example.com", policy=LABELS),
    Case("DL3059", "FROM a:1\nRUN a\nRUN b\nRUN c\nRUN d", "FROM a:1\nRUN a\nCOPY x /x\nRUN b"),
    Case("DL3059", "FROM a:1\nRUN a\nRUN b", "FROM a:1\nRUN a && b\nRUN c", "bad"),
    Case("DL3060", "FROM a:1\nRUN yarn install", "FROM a:1\nRUN yarn install && yarn cache clean"),
    Case("DL3062", "FROM a:1\nRUN go install example.com/x@latest", "FROM a:1\nRUN go install example.com/x@v1.2.3"),
    Case("DL3062", "FROM a:1\nRUN go get example.com/x", "FROM a:1\nRUN go get example.com/x@v1.2.3", "bad"),
    Case("DL3062", "FROM a:1\nRUN go get -tool cover@latest", "FROM a:1\nRUN go get ./...", "bad"),
    Case("DL3063", "FROM a:1 AS scratch", "FROM a:1 AS empty"),
    Case("DL3064", "FROM a:1\nARG DB_PASSWORD", "FROM a:1\nARG DB_NAME"),
    Case("DL3064", "ARG API_TOKEN\nFROM a:1", "ARG TAG=1\nFROM a:$TAG", "bad"),
    Case("DL3065", "FROM --platform=$TARGETPLATFORM a:1", "FROM --platform=$BUILDPLATFORM a:1"),
    Case("DL3066", "FROM a:1\nUSER web\nCMD x", "FROM a:1\nUSER 1000\nCMD x"),
    Case("DL3067", "FROM a:1 AS build\nRUN x\nFROM b:1\nCOPY --from=build / /", "FROM a:1 AS build\nRUN x\nFROM b:1\nCOPY --from=build /out /out"),
    Case("DL3067", "FROM a:1 AS build\nRUN x\nFROM b:1\nCOPY --from=build / /", "FROM a:1 AS build\nRUN x\nFROM b:1\nCOPY --from=build / /old", "good"),
    Case("DL4000", "FROM a:1\nMAINTAINER me", 'FROM a:1\nLABEL maintainer="me"'),
    Case("DL4001", "FROM a:1\nRUN apt-get install -y wget curl && wget a && curl b", "FROM a:1\nRUN curl b"),
    Case("DL4001", "FROM a:1\nRUN wget a && curl b", "FROM a:1\nRUN wget a", "bad"),
    Case("DL4003", "FROM a:1\nCMD x\nCMD y", "FROM a:1\nCMD x"),
    Case("DL4004", "FROM a:1\nENTRYPOINT x\nENTRYPOINT y", "FROM a:1\nENTRYPOINT x"),
    Case("DL4005", "FROM a:1\nRUN ln -sf /bin/bash /bin/sh", 'FROM a:1\nSHELL ["/bin/bash", "-c"]'),
    Case("DL4006", "FROM a:1\nRUN curl a | tar -x", 'FROM a:1\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl a | tar -x'),
    Case("DL4006", 'FROM a:1\nSHELL ["/bin/sh", "-o", "pipefail", "-c"]\nRUN curl a | tar -x', "FROM a:1\nRUN tar -x", "bad"),
]  # fmt: skip


def is_found(case: Case, text: str) -> bool:
    """Whether something with the number is found, as `--rule NUMBER` would."""
    file = lint_file(text + "\n", known=Known(policy=case.policy))
    rules = [rule for rule in RULES if case.number in rule.aliases]
    asked = replace(file, options=file.options.with_experimental(["all"]))
    return any(not one.alias or one.alias == case.number for one in check(asked, rules))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number} {case.differs}".strip())
def test_the_answer_is_hadolints_or_the_page_says_why_not(case: Case) -> None:
    assert is_found(case, case.bad) is (case.differs != "bad")
    assert is_found(case, case.good) is (case.differs == "good")


def test_every_number_has_its_case_but_those_that_the_language_refuses() -> None:
    listed = re.findall(r"^\| (DL\d{4}) \|", PAGE.read_text(), re.MULTILINE)

    assert {case.number for case in CASES} == set(listed) - {"DL3043", "DL3061"}


def test_where_the_answer_is_another_one_the_page_says_why() -> None:
    rows = dict(re.findall(r"^\| (DL\d{4}) \| [^|]* \| (.*) \|$", PAGE.read_text(), re.MULTILINE))

    assert [case.number for case in CASES if case.differs and rows[case.number].strip() in {"agrees", ""}] == []
