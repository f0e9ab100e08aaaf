"""The pages and the program say the same: flags that are named exist, those that exist are named, examples can be given."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from fakes import pipelines
from fakes.commands import calls, commands, options, parse, synopsis
from stagemill.cli.commands import program
from stagemill.cli.given.options import add_build_options
from stagemill.dockerfile.flags import KNOWN

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGE_OF = {
    "attestations": "attestations", "build": "build", "run": "run", "shell": "run", "size": "size", "diff": "size", "lint": "lint", "lsp": "lint", "lock": "lock", "plan": "plan",
    "why": "why", "builds": "why", "log": "why", "graph": "report", "report": "report",
    "verify": "reproducible", "store check": "store", "du": "store", "prune": "store",
    **dict.fromkeys([f"cache mounts {verb}" for verb in ("list", "export", "import", "rm")], "cache"),
    **dict.fromkeys(("history", "images", "inspect", "load", "pull", "push", "rmi", "save", "tag"), "images"),
    **dict.fromkeys(("copy", "index annotate", "index create", "index inspect"), "copy"),
    **dict.fromkeys(("delete", "login", "logout", "tags"), "registries"),
    **dict.fromkeys(("completion", "info", "version"), "docker"),
    **dict.fromkeys(("init", "split"), "split"),
}  # fmt: skip
OURS = "stagemill"


def code_blocks(text: str) -> Iterator[str]:
    """The lines of indented and of fenced blocks, but for those of languages that have command lines in them."""
    fence = ""
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fence = "" if fence else line.strip()
        elif fence.removeprefix("```") not in pipelines.LANGUAGES and (fence or line.startswith("    ")):
            yield line.strip()


def spans(text: str) -> list[str]:
    """What stands between backticks in running text."""
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    return re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", prose, flags=re.DOTALL))


def command_lines() -> list[str]:
    return sorted(
        {
            f"{page.name}: {synopsis(line)}"
            for page in PAGES
            for line in code_blocks(page.read_text())
            if re.search(rf"(^|[|&;] *){OURS} ", line)
        }
    )


def shared() -> set[str]:
    """The flags of every command that builds; docs/build.md has them for all."""
    command = add_build_options(click.Command("any"))
    return {name for option in options(command) for name in option.opts}


@pytest.mark.parametrize("line", command_lines())
def test_every_command_line_in_the_pages_can_be_given(line: str) -> None:
    found = list(calls(line.partition(": ")[2]))

    assert found
    for arguments in found:
        parse(arguments)


@pytest.mark.parametrize("line", sorted({line for page in PAGES for line in pipelines.lines(page.read_text())}))
def test_every_command_line_in_a_pipeline_can_be_given(line: str) -> None:
    found = list(calls(line))

    assert found
    for arguments in found:
        parse(arguments)


@pytest.mark.parametrize("name", pipelines.SYSTEMS)
def test_a_pipeline_has_all_that_one_needs(name: str) -> None:
    text = pipelines.section((ROOT / "docs" / "ci.md").read_text(), name)

    builds = [line for line in pipelines.lines(text) if "stagemill build" in line]
    (push,) = [line for line in builds if "--push" in line.split()]
    words = "--locked --progress --cache-from --cache-to --sbom --provenance mounts=all"
    assert [word for word in words.split() if word not in push] == []
    assert name == "Kubernetes" or "--platform linux/amd64,linux/arm64" in push
    assert all("--locked" in line for line in builds if "--check" not in line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documents_in_the_pages_can_be_read(page: Path) -> None:
    text = page.read_text()

    for document in pipelines.blocks(text, "toml"):
        assert tomllib.loads(document)
    for document in pipelines.blocks(text, "yaml"):
        assert all(list(yaml.safe_load_all(document)))


@pytest.mark.parametrize("name", commands())
def test_every_option_is_in_the_commands_page(name: str) -> None:
    text = (ROOT / "docs" / f"{PAGE_OF[name]}.md").read_text()
    missing = [
        option.opts
        for option in options(commands()[name])
        if not (PAGE_OF[name] != "build" and shared().issuperset(option.opts))
        and not any(re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text) for flag in option.opts)
    ]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_flag_that_a_page_names_exists(page: Path) -> None:
    known = {
        name
        for command in commands().values()
        for option in options(command, hidden=True)
        for name in (*option.opts, *option.secondary_opts)
    }
    known |= {name for option in options(program, hidden=True) for name in option.opts}
    known |= {"--help", "--version"} | {f"--{name}" for flags in KNOWN.values() for name in flags}
    named = {match[0] for span in spans(page.read_text()) if (match := re.match(r"--?[a-zA-Z][\w-]*", span))}

    assert {flag for flag in named if flag not in known and flag[:2] not in known} == set()


def test_every_page_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text()

    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in text] == []


def test_the_commands_that_the_readme_names_are_those_there_are() -> None:
    table = re.findall(r"^\| \[(`.*?`)\]", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert sorted(name for cell in table for name in re.findall(r"`([^`]+)`", cell)) == sorted(commands())
