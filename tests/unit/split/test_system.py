"""Packages of the system, told apart."""

from __future__ import annotations

from fakes.splitting import facts_of
from stagemill.split import system

APT = """FROM debian
RUN apt-get update && apt-get install -y --no-install-recommends -t stable \\
    build-essential=12.9 libpq-dev python3-dev curl ffmpeg tzdata \\
 && rm -rf /var/lib/apt/lists/*
RUN groupadd -g 5 app && useradd -g app app
"""


def test_packages_are_asked_for_by_name() -> None:
    names = [package.name for package in system.asked(facts_of(f"{APT}CMD x\n"))]

    assert names == ["build-essential", "libpq-dev", "python3-dev", "curl", "ffmpeg", "tzdata"]


def test_those_that_build_stay_behind_and_doubtful_ones_do_not() -> None:
    wanted, left = system.divided(facts_of(f"{APT}CMD x\n"))

    assert wanted == ("ffmpeg", "tzdata")
    assert [item.path for item in left] == ["build-essential", "libpq-dev", "python3-dev", "curl"]
    assert left[0].why == "the package of line 2 is for building"
    assert "nothing that runs names it" in left[3].why


def test_what_runs_or_checks_is_kept() -> None:
    assert "curl" in system.divided(facts_of(f"{APT}HEALTHCHECK CMD curl -f http://x/ || exit 1\nCMD x\n"))[0]
    assert "curl" in system.divided(facts_of(f'{APT}ENTRYPOINT ["curl"]\n'))[0]
    assert "curl" in system.divided(facts_of(f"{APT}CMD x\n"), keep=["curl"])[0]


def test_apk_is_another_manager() -> None:
    facts = facts_of("FROM alpine\nRUN apk add --no-cache --virtual .deps gcc musl-dev jq\nCMD x\n")

    assert system.manager(facts) == "apk"
    assert system.divided(facts)[0] == ("jq",)
    assert system.install(["jq", "bash"], "apk") == "RUN apk add --no-cache bash jq"


def test_an_install_leaves_no_lists() -> None:
    assert system.install(["b", "a"], "apt-get").splitlines() == [
        "RUN apt-get update \\",
        " && apt-get install -y --no-install-recommends a b \\",
        " && rm -rf /var/lib/apt/lists/* /var/cache/apt/*",
    ]


def test_users_are_made_by_the_same_commands() -> None:
    assert system.users(facts_of(f"{APT}CMD x\n")) == ("groupadd -g 5 app", "useradd -g app app")


def test_a_run_that_only_installs_is_told_from_others() -> None:
    facts = facts_of(f"{APT}RUN apt-get install -y x && make\nCMD x\n")
    lines = [[ran for ran in facts.commands if ran.line == line] for line in (2, 5, 6)]

    assert [system.only_installs(line) for line in lines] == [True, False, False]


def test_packages_that_are_removed_again_are_not_asked_for() -> None:
    facts = facts_of(
        "FROM alpine\nRUN apk add --virtual .deps gcc tar && apk add jq curl\nRUN apk del .deps curl\nCMD x\n"
    )

    assert [package.name for package in system.asked(facts)] == ["jq"]


def test_java_gets_the_directory_that_its_packages_look_for() -> None:
    assert system.install(["openjdk-17-jre-headless"], "apt-get").startswith(
        "RUN mkdir -p /usr/share/man/man1 \\\n && apt-get"
    )


def test_versions_variables_and_upgrades_stay() -> None:
    facts = facts_of(
        "FROM debian\nARG MORE='libpq5 tini'\nRUN apt-get update && apt-get upgrade -y && apt-get install -y jq=1.6* a/backports ./own.deb $MORE $X\nCMD x\n"
    )

    assert [(each.name, each.written) for each in system.asked(facts)] == [
        ("jq", "jq=1.6*"),
        ("a", "a/backports"),
        ("libpq5", "libpq5"),
        ("tini", "tini"),
    ]
    assert system.upgrades(facts)
    assert system.install(["jq=1.6*"], "apt-get", upgrade=True).splitlines()[1:3] == [
        " && apt-get upgrade -y \\",
        " && apt-get install -y --no-install-recommends 'jq=1.6*' \\",
    ]
    assert system.install([], "apk", upgrade=True) == "RUN apk upgrade --no-cache"
