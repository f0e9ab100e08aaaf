"""`SecretFile`: a file of keys or passwords copied into an image."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename

from stagemill.dockerfile.tree import Add, Copy
from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rule import Rule
from stagemill.regex import regex

_NAME = regex(
    r"(?i)(?:\.env(?:\.(?:prod|production|local|live|staging|secret|secrets))?|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|_netrc|\.git-credentials"
    r"|\.pgpass|\.pypirc|\.htpasswd|kubeconfig|\.dockercfg|\.dockerconfigjson|(?:private|server|client|tls|ssl)[-_.]?key\.pem|.*\.(?:pfx|p12|jks|keystore|ppk)"
    r"|(?:private|server|tls|ssl)\.key|service[-_]account.*\.json|credentials\.json)"
)
_DIRECTORY = regex(r"(?:^|/)(?:\.ssh|\.aws|\.gnupg|\.kube)(?:/|$)")
_PUBLIC = regex(r"(?:known_hosts|config|\.pub|authorized_keys)$")


def check(file: LintFile) -> Iterator[Finding]:
    stages = {link.index: link for stage in reach.targets(file) for link in file.chain(stage)}
    for _, stage in sorted(stages.items()):
        for step in stage.steps:
            node = step.node
            local = isinstance(node, Add) or (isinstance(node, Copy) and node.from_ is None)
            for word in node.sources if isinstance(node, Copy | Add) and local else ():
                text = word.text.strip("\"'").rstrip("/")
                if "://" not in text and _is_secret(text):
                    yield file.finding(
                        RULE.name,
                        f"{text} stays in the image, for everybody who can pull it",
                        span=word.span,
                        hint="give it to the step that needs it: RUN --mount=type=secret,id=… and --secret id=…,src=…; "
                        "what the program needs comes when the container starts",
                    )


def _is_secret(text: str) -> bool:
    if _PUBLIC.search(text):
        return False
    return bool(_NAME.fullmatch(basename(text)) or _DIRECTORY.search(text))


RULE = Rule("SecretFile", "a file of keys or passwords is copied into an image", check, level="error")
