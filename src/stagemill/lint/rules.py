"""The rules by name, and `check`, which asks them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stagemill.errors import UsageError
from stagemill.lint.buildkit import (
    consistent_instruction_casing,
    copy_ignored_file,
    duplicate_stage_name,
    expose_invalid_format,
    expose_proto_casing,
    from_as_casing,
    from_platform_flag_const_disallowed,
    invalid_base_image_platform,
    invalid_default_arg_in_from,
    invalid_definition_description,
    json_args_recommended,
    legacy_key_value_format,
    maintainer_deprecated,
    multiple_instructions_disallowed,
    no_empty_continuation,
    redundant_target_platform,
    reserved_stage_name,
    secrets_used_in_arg_or_env,
    stage_name_casing,
    undefined_arg_in_from,
    undefined_var,
    workdir_relative_path,
)
from stagemill.lint.checks import (
    deprecated_npm_flag,
    dev_packages,
    index_from,
    install_after_copy,
    undeclared_arg,
    unnamed_stage,
    whole_directory,
)
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.regex import regex
from stagemill.values import dataclass

_WORDS = regex(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Rule:
    """`summary` says what the rule finds; docs/lint/<page>.md says why.

    One that is `experimental` is asked where somebody wants it by name. `twin` is the rule that says the same of a
    place, and more: where both find something, it speaks.
    """

    name: str
    summary: str
    check: Callable[[LintFile], Iterable[Finding]]
    experimental: bool = False
    twin: str = ""

    @property
    def page(self) -> str:
        return "-".join(_WORDS.split(self.name)).lower()


OURS = tuple(
    Rule(module.NAME, module.SUMMARY, module.check)
    for module in (
        deprecated_npm_flag,
        dev_packages,
        index_from,
        install_after_copy,
        undeclared_arg,
        unnamed_stage,
        whole_directory,
    )
)

CHECKS = (
    *(
        Rule(module.NAME, module.SUMMARY, module.check)
        for module in (
            consistent_instruction_casing,
            copy_ignored_file,
            duplicate_stage_name,
            expose_invalid_format,
            expose_proto_casing,
            from_as_casing,
            from_platform_flag_const_disallowed,
            invalid_base_image_platform,
            invalid_default_arg_in_from,
            json_args_recommended,
            legacy_key_value_format,
            maintainer_deprecated,
            multiple_instructions_disallowed,
            no_empty_continuation,
            redundant_target_platform,
            reserved_stage_name,
            secrets_used_in_arg_or_env,
            stage_name_casing,
            undefined_var,
            workdir_relative_path,
        )
    ),
    Rule(
        invalid_definition_description.NAME,
        invalid_definition_description.SUMMARY,
        invalid_definition_description.check,
        experimental=True,
    ),
    Rule(
        undefined_arg_in_from.NAME,
        undefined_arg_in_from.SUMMARY,
        undefined_arg_in_from.check,
        twin=undeclared_arg.NAME,
    ),
)
"""BuildKit's checks, with its names and words."""

RULES = (*OURS, *CHECKS)


def check(file: LintFile, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """What the rules find, in the order of the file, less what the file itself tells them to leave alone."""
    asked = tuple(rules)
    found: list[Finding] = []
    for rule in asked:
        twins = {finding.span.line for finding in found if finding.rule == rule.twin}
        found += [
            finding
            for finding in rule.check(file)
            if finding.span.line not in twins
            and file.allows(rule.name, finding.span.line, experimental=rule.experimental)
        ]
    return sorted(found, key=lambda finding: (finding.span.line, finding.span.column, finding.rule))


def select(*, only: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules of the names in `only`, all where it is empty, less those in `ignore`. UsageError for an unknown name.

    A check of BuildKit's may be called by the name of its page as well.
    """
    by_name = {**{rule.page: rule for rule in RULES}, **{rule.name: rule for rule in RULES}}
    for name in (*only, *ignore):
        if name not in by_name:
            raise _unknown(name)
    wanted = {by_name[name].name for name in only}
    unwanted = {by_name[name].name for name in ignore}
    return tuple(rule for rule in RULES if (not wanted or rule.name in wanted) and rule.name not in unwanted)


def _unknown(name: str) -> UsageError:
    from stagemill.dockerfile.suggest import nearest  # noqa: PLC0415  only errors need it

    near = nearest(name, [rule.name for rule in RULES])
    hint = f"did you mean {near}?" if near else "the rules are " + ", ".join(rule.name for rule in RULES)
    return UsageError(f"there is no rule {name!r}", hint=hint)
