"""`SecretLiteral`: a key or token written into the Dockerfile itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stagemill.dockerfile.source import Span
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.regex import regex

_KINDS = (
    ("an access key of AWS", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a token of GitHub", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("a token of GitLab", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a token of npm", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a token of Slack", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    ("a key of Stripe", r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
    ("a key of Google", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ("a password in an address", r"\bhttps?://[^\s:/@$]+:(?!\$|x-oauth-basic)[^\s:/@$]{3,}@"),
)
_ANY = regex("|".join(f"(?P<k{number}>{pattern})" for number, (_, pattern) in enumerate(_KINDS)))


def check(file: LintFile) -> Iterator[Finding]:
    for number, line in enumerate(file.dockerfile.source.lines(), 1):
        match = _ANY.search(line)
        if match and not line.lstrip().startswith("#"):
            start, end = match.span()
            found = file.finding(
                RULE.name,
                f"{_KINDS[int((match.lastgroup or 'k0')[1:])][0]} stands in the file, and stays in the history of the image",
                span=Span(number, start + 1, number, end + 1),
                hint="take it back where it was issued; give the next one to the step that needs it by "
                "RUN --mount=type=secret",
            )
            hidden = found.at.text.replace(match.group(), "*" * len(match.group()))
            yield replace(found, at=replace(found.at, text=hidden))


RULE = Rule("SecretLiteral", "a key or token is written into the file", check, level="error")
