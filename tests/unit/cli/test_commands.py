"""The commands as people find them: help, examples, near names, and how little is loaded for them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import stagemill
from fakes.commands import calls, commands, help_of, options, parse
from fakes.mill import SOURCE
from stagemill.cli.commands import program
from stagemill.cli.docker.absent import names
from stagemill.cli.main import run

WIDEST = 100


def loaded(code: str, **environment: str) -> set[str]:
    """The modules that are there after some code has run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.__stdout__)"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def call(*arguments: str) -> str:
    return f"from stagemill.cli.main import run\nassert run({list(arguments)!r}) == 0"


class TestHelp:
    def test_it_lists_every_command_with_what_it_does(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--help"]) == 0

        out = capsys.readouterr().out
        listed = [line.split()[0] for line in out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()]
        assert listed == sorted({name.split()[0] for name in commands()})
        assert "stagemill build -t hello ." in out

    @pytest.mark.parametrize("name", commands())
    def test_a_command_says_what_it_does_and_how_it_is_called(
        self, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run([*name.split(), "--help"]) == 0

        out = capsys.readouterr().out
        assert out.startswith(f"Usage: stagemill {name} ")
        assert commands()[name].help

    @pytest.mark.parametrize("name", commands())
    def test_every_option_is_explained(self, name: str) -> None:
        assert [option.name for option in options(commands()[name]) if not option.help] == []

    @pytest.mark.parametrize("name", commands())
    def test_a_command_has_examples_that_can_be_given(self, name: str) -> None:
        lines = help_of(name).partition("Examples:\n")[2].splitlines()
        given = [arguments for line in lines for arguments in calls(re.split(" {3,}", line.strip())[0])]

        assert given
        assert all(arguments[: len(name.split())] == name.split() for arguments in given)
        for arguments in given:
            parse(arguments)

    @pytest.mark.parametrize("name", commands())
    def test_no_line_is_too_wide_for_a_terminal(self, name: str) -> None:
        assert [line for line in help_of(name).splitlines() if len(line) > WIDEST] == []

    @pytest.mark.parametrize("name", commands())
    def test_texts_end_as_the_others_do(self, name: str) -> None:
        texts = [option.help or "" for option in options(commands()[name])]

        assert [text for text in texts if not text.rstrip("]").endswith(".") and "[" not in text] == []

    def test_without_a_command_it_is_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([]) == 2
        assert "Usage: stagemill [OPTIONS] COMMAND" in capsys.readouterr().err


class TestNames:
    def test_a_misspelt_command_is_answered_with_a_near_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["biuld", "."]) == 2
        assert capsys.readouterr().err == "error: there is no command biuld\nhint: did you mean build?\n"

    def test_one_that_is_like_no_other_gets_the_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["zzzzzz"]) == 2
        said = "error: there is no command zzzzzz\nhint: stagemill --help lists the commands\n"
        assert capsys.readouterr().err == said

    def test_a_misspelt_option_is_answered_with_a_near_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["build", "--traget", "x", "."]) == 2
        assert capsys.readouterr().err == "error: stagemill build has no flag --traget\nhint: did you mean --target?\n"

    def test_a_command_that_there_is_not_is_none(self) -> None:
        assert program.get_command(click.Context(program), "biuld") is None


class TestDockerNames:
    @pytest.mark.parametrize(
        ("words", "name"),
        [
            ("buildx build", "build"), ("builder build", "build"), ("image build", "build"), ("image ls", "images"),
            ("image list", "images"), ("image rm", "rmi"), ("image remove", "rmi"), ("image tag", "tag"),
            ("image inspect", "inspect"), ("image history", "history"), ("image save", "save"), ("image load", "load"),
            ("image pull", "pull"), ("container run", "run"),
            ("buildx version", "version"), ("system info", "info"),
        ],
    )  # fmt: skip
    def test_a_command_has_the_name_that_docker_gives_it(
        self, words: str, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run([*words.split(), "--help"]) == 0

        out = capsys.readouterr().out
        assert out.startswith(f"Usage: stagemill {words} ")
        assert str(commands()[name].help).split("\n", 1)[0][:40] in out

    @pytest.mark.parametrize("group", ["builder", "buildx", "container", "image", "system"])
    def test_a_group_lists_what_it_has(self, group: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([group, "--help"]) == 0
        assert "Commands:" in capsys.readouterr().out

    def test_what_nobody_has_is_answered_with_what_a_group_has(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["buildx", "biuld"]) == 2
        said = "error: there is no command buildx biuld\nhint: there is build, du, imagetools, prune, version\n"
        assert capsys.readouterr().err == said

    @pytest.mark.parametrize("words", ["container ls", "container list", "container ps", "ps"])
    def test_the_list_of_containers_has_four_names(self, words: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([*words.split(), "-q"]) == 0
        assert capsys.readouterr() == ("", "")

    @pytest.mark.parametrize("words", names())
    def test_what_there_is_not_says_why_whatever_is_asked_of_it(
        self, words: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run([*words.split(), "-x", "--flag=1", "arg", "--help"]) == 1

        said = capsys.readouterr()
        assert said.out == ""
        assert re.fullmatch(rf"error: {words} is not supported(: .+| yet)\nhint: .+\n", said.err)

    def test_every_command_of_docker_is_there_or_says_why_not(self) -> None:
        context = click.Context(program)
        for name in DOCKER.split():
            assert program.get_command(context, name), name
        for words in DOCKER_GROUPS.split("\n")[1:-1]:
            group, *rest = words.split()
            found = program.get_command(context, group)
            assert isinstance(found, click.Group)
            for name in rest:
                assert found.get_command(click.Context(found), name), f"{group} {name}"


# `docker --help` of docker 28.2.2, `docker GROUP --help`, and buildx 0.24's.
DOCKER = """
run exec ps build pull push images login logout search version info builder buildx container context image manifest network
plugin system trust volume config node secret service stack swarm attach commit cp create diff events export history
inspect kill load logs pause port rename restart rm rmi save start stats stop tag top unpause update wait compose
"""
DOCKER_GROUPS = """
image build history import inspect load ls prune pull push rm save tag
container attach commit cp create diff exec export kill logs ls pause port prune rename restart rm run start stats stop top unpause update wait
builder build prune
system df events info prune
buildx bake build create du imagetools inspect ls prune rm stop use version
"""


class TestDockersGlobalFlags:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("-H", "tcp://docker:2375"),
            ("--host=unix:///x",),
            ("-c", "remote"),
            ("-D",),
            ("-l", "debug"),
            ("--tlsverify",),
        ],
    )
    def test_those_for_a_daemon_are_refused(
        self, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run([*arguments, "images"]) == 2
        assert " is not supported: " in capsys.readouterr().err

    def test_the_default_context_is_what_there_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--context", "default", "ps", "-q"]) == 0

    def test_the_directory_of_logins_can_be_given(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("DOCKER_CONFIG", "/elsewhere")

        assert run(["--config", str(tmp_path), "ps", "-q"]) == 0

        assert os.environ["DOCKER_CONFIG"] == str(tmp_path)

    @pytest.mark.parametrize("flag", ["-v", "-V", "--version"])
    def test_the_version_has_dockers_letter_too(self, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([flag]) == 0
        assert capsys.readouterr().out == f"stagemill {stagemill.__version__}\n"


class TestStartUp:
    def test_the_version_is_printed_without_loading_click(self, capsys: pytest.CaptureFixture[str]) -> None:
        modules = loaded("sys.argv = ['stagemill', '--version']\nfrom stagemill.cli.main import main\nmain()")

        assert modules & {"click", "urllib3", "rich", "sqlite3", "ctypes", "inspect", "typing_extensions"} == set()
        assert {name for name in modules if name.startswith("stagemill")} == {
            "stagemill", "stagemill.cli", "stagemill.cli.main",
        }  # fmt: skip

    def test_both_ways_to_ask_for_the_version_say_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--version"]) == 0
        assert capsys.readouterr().out == f"stagemill {stagemill.__version__}\n"

    def test_the_list_of_commands_loads_none_of_them(self) -> None:
        modules = loaded(call("--help"))

        ours = {name for name in modules if name.startswith("stagemill.") and ".cli" not in name}
        assert ours == {"stagemill.values"}
        assert "stagemill.cli.build" not in modules

    @pytest.mark.root
    @pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
    def test_a_build_from_the_cache_loads_nothing_that_it_does_not_need(self, tmp_path: Path) -> None:
        (tmp_path / "Dockerfile").write_text("FROM scratch AS a\nCOPY Dockerfile /\nFROM scratch\nCOPY --from=a / /\n")
        store = {"STAGEMILL_ROOT": str(tmp_path / "store"), "HOME": str(tmp_path)}
        loaded(call("build", "-t", "app", "--progress", "plain", str(tmp_path)), **store)

        modules = loaded(call("build", "-t", "other", "--progress", "plain", str(tmp_path)), **store)

        assert "click" in modules  # it was not answered from a receipt
        heavy = {"urllib3", "rich", "http", "ssl", "tarfile", "zstandard", "isal", "asyncio", "email"}
        heavy |= {"tempfile", "shutil", "bz2", "lzma", "random", "csv"}
        assert modules & heavy == set()
        ours = (
            "stagemill.lint",
            "stagemill.registry",
            "stagemill.insight",
            "stagemill.cli.outlook",
            "stagemill.cli.journal.account",
            "stagemill.cli.journal.document",
            "stagemill.cli.reasons",
            "stagemill.solve.forecast",
            "stagemill.attest.statement",
            "stagemill.cache.contents",
            "stagemill.cli.prune",
            "stagemill.cli.results.witness",
            "stagemill.execute.cdi",
            "stagemill.export",
            "stagemill.sandbox.process",
            "stagemill.sources.policy",
            "stagemill.store.prune",
        )
        receipts = {"stagemill.registry", "stagemill.registry.wire"}  # it was looked for one
        assert [name for name in modules - receipts if name.startswith(ours)] == []
