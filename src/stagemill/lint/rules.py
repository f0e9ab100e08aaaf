"""The rules that a build asks, and `check`, which asks rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

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
from stagemill.lint.finding import Finding, Level
from stagemill.lint.rule import Rule

_ALIASES = {
    "DuplicateStageName": ("DL3024",),
    "FromPlatformFlagConstDisallowed": ("DL3029",),
    "JSONArgsRecommended": ("DL3025",),
    "MaintainerDeprecated": ("DL4000",),
    "MultipleInstructionsDisallowed": ("DL3012", "DL4003", "DL4004"),
    "RedundantTargetPlatform": ("DL3065",),
    "ReservedStageName": ("DL3063",),
    "SecretsUsedInArgOrEnv": ("DL3064",),
    "WorkdirRelativePath": ("DL3000",),
    "whole-directory": ("DL3067",),
}
"""The numbers that hadolint has for the rules below."""

OURS = tuple(
    Rule(module.NAME, module.SUMMARY, module.check, aliases=_ALIASES.get(module.NAME, ()))
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
        Rule(module.NAME, module.SUMMARY, module.check, aliases=_ALIASES.get(module.NAME, ()))
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

CORE = (*OURS, *CHECKS)
"""What a build tells of: the mistakes about stages, and BuildKit's checks; `choice` has all rules."""


def check(
    file: LintFile, rules: Iterable[Rule] = CORE, *, levels: Mapping[str, Level] = MappingProxyType({})
) -> list[Finding]:
    """What the rules find, in the order of the file, less what the file itself tells them to leave alone.

    `levels` are those that findings are to have in place of their rules', by the names of rules.
    """
    found: list[Finding] = []
    for rule in rules:
        twins = {finding.span.line for finding in found if finding.rule == rule.twin}
        found += [
            replace(finding, level=_level(rule, finding, levels))
            for finding in rule.check(file)
            if finding.span.line not in twins and _is_allowed(file, rule, finding)
        ]
    return sorted(found, key=lambda finding: (finding.span.line, finding.span.column, finding.rule))


def _is_allowed(file: LintFile, rule: Rule, finding: Finding) -> bool:
    aliases = (finding.alias,) if finding.alias else rule.aliases
    return file.concerns(finding.span.line) and file.allows(
        finding.rule, finding.span.line, experimental=rule.experimental, aliases={rule.name, rule.page, *aliases}
    )


def _level(rule: Rule, finding: Finding, levels: Mapping[str, Level]) -> Level:
    called = (finding.rule, finding.alias, rule.name, *rule.aliases)
    return next((levels[name] for name in called if name in levels), finding.level or rule.level)
