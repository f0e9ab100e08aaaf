"""`LabelSchema`: labels that the house wants and that are missing, or that do not have their form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.dockerfile.tree import Label, Pair
from stagemill.lint import labels, reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage, Step

_NUMBERS = {
    "url": "DL3052",
    "rfc3339": "DL3053",
    "spdx": "DL3054",
    "hash": "DL3055",
    "semver": "DL3056",
    "email": "DL3058",
}


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        for step in stage.steps:
            for pair in step.node.items if isinstance(step.node, Label) else ():
                yield from _pair(file, step, pair)
    for stage in reach.targets(file):
        yield from _missing(file, stage, file.surroundings.policy.labels)


def _pair(file: LintFile, step: Step, pair: Pair) -> Iterator[Finding]:
    """What is wrong with one label."""
    key, value = _plain(pair.key), file.known(pair.value or "", step)
    policy = file.surroundings.policy
    form = policy.labels.get(key) or labels.KNOWN.get(key, "text")
    if "$" in key:
        return
    if problem := labels.key_problem(key):
        message, number = f"the name of the label `{key}` {problem}", "DL3048"
    elif policy.only_labels and key not in policy.labels:
        message, number = f"the house has no label `{key}`", "DL3050"
    elif value is None:
        return
    elif not _plain(value):
        message, number = f"the label `{key}` is empty", "DL3051"
    elif not labels.has_form(_plain(value), form):
        message, number = f"the label `{key}` is no {labels.TITLES[form]}", _NUMBERS.get(form, "")
    else:
        return
    yield file.finding(
        RULE.name, message, span=pair.span, hint=labels.HINTS.get(number, "mend its value"), alias=number
    )


def _missing(file: LintFile, stage: Stage, wanted: Mapping[str, str]) -> Iterator[Finding]:
    nodes = [node for node in reach.target_chain(file, stage) if isinstance(node, Label)]
    given = {_plain(pair.key) for node in nodes for pair in node.items}
    for key in wanted:
        if key not in given:
            yield file.finding(
                RULE.name,
                f"{stage.title} has no label `{key}`",
                span=stage.start.span,
                hint=f"write LABEL {key}=…",
                alias="DL3049",
            )


def _plain(text: str) -> str:
    return text.strip("\"'")


RULE = Rule(
    "LabelSchema",
    "a label is missing, or does not have its form",
    check,
    level="info",
    aliases=("DL3048", "DL3049", "DL3050", "DL3051", *_NUMBERS.values()),
)
