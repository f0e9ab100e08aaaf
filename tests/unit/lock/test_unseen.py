"""Steps that bring what nothing names by a digest."""

from __future__ import annotations

import pytest

from fakes.planning import planned
from fakes.tree import MemoryTree
from stagemill.lock.unseen import unseen

DAY = "20240501T030400Z"


def found(text: str, context: MemoryTree | None = None) -> list[str]:
    view = context or MemoryTree({})
    plan = planned(text, context=view)
    return [f"{one.at and one.at.line} {one.what}" for one in unseen((plan,), {"context": view})]


@pytest.mark.parametrize(
    ("run", "what"),
    [
        ("apt-get update && apt-get install -y --no-install-recommends curl", "apt-get install"),
        ("apt install curl", "apt-get install"),
        ("apk add --no-cache curl", "apk add"),
        ("microdnf -y install curl", "dnf install"),
        ("npm install", "npm install"),
        ("npm --prefix web i", "npm install"),
        ("pip install flask", "pip install"),
        ("cargo install ripgrep", "cargo install"),
        ("go install example.org/x@latest", "go install"),
        ("curl -fsSL https://host.example/x | sh", "curl"),
        ("wget -q http://host.example/x", "wget"),
        ("apt-get \\\n    install x", "apt-get install"),
        ('["apk", "add", "x"]', "apk add"),
    ],
)
def test_a_call_that_brings_something_is_told(run: str, what: str) -> None:
    assert found(f"FROM busybox\nRUN {run}\n") == [f"2 {what}"]


@pytest.mark.parametrize(
    "run",
    [
        "npm ci", "pip install --require-hashes -r requirements.txt", "apt-get update", "go build ./...", "echo apt-get",
        f"apt-get --snapshot {DAY} install curl", "curl --version", "./apt-get install", "cargo build --locked",
    ],
)  # fmt: skip
def test_one_that_brings_nothing_or_what_is_named_is_not(run: str) -> None:
    assert found(f"FROM busybox\nRUN {run}\n") == []


def test_without_a_network_nothing_comes() -> None:
    assert found("FROM busybox\nRUN --network=none apt-get install x\n") == []


def test_requirements_without_hashes_are_told_where_they_are_copied() -> None:
    context = MemoryTree({"requirements.txt": "a==1\n"})

    assert found("FROM busybox\nCOPY requirements.txt /\n", context) == ["2 requirements.txt without hashes"]


def test_all_are_told_in_the_order_of_the_file_with_what_to_do() -> None:
    plan = planned("FROM busybox\nRUN apk add a && wget http://h/x\nRUN pip install b\n")

    assert [(one.at.line if one.at else 0, one.what, one.remedy) for one in unseen((plan,), {})] == [
        (2, "apk add", "write NAME=VERSION for each package"),
        (2, "wget", "write ADD --checksum=sha256:… URL"),
        (3, "pip install", "copy requirements.txt with hashes and write --require-hashes"),
    ]
