"""What a split is shown as: the change first, then what stays behind and why, what was compared, and what is saved."""

from __future__ import annotations

import json
from dataclasses import asdict

from stagemill.cli.frame import table
from stagemill.lint.mend import diff
from stagemill.split.draft import Left
from stagemill.split.splitting import Split

_MOST = 16


def text(found: Split, kept: str) -> str:
    """The report for people; `kept` is where the file went."""
    source = found.facts.file.dockerfile.source
    parts = [diff(source.text, found.text, name=source.name).rstrip("\n"), "", _title(found), "", _left(found)]
    if found.proven:
        parts += ["", *_proof(found)]
    elif found.draft.assumed:
        parts += ["", "Only a build can show:", *(f"  {each}" for each in found.draft.assumed)]
    parts += ["", _end(found, kept)]
    return "\n".join(parts)


def _title(found: Split) -> str:
    draft = found.draft
    return f"{draft.title}: {found.facts.base} builds, {draft.base} runs"


def _left(found: Split) -> str:
    """The largest first."""
    items = _merged(found.draft.left)
    rows = [(item.path, table.size(item.size) if item.size else "", item.why) for item in items[:_MOST]]
    if len(items) > _MOST:
        rest = sum(item.size for item in items[_MOST:])
        rows.append((f"and {len(items) - _MOST} more", table.size(rest) if rest else "", ""))
    return table.render(("STAYS BEHIND", "SIZE", "WHY"), rows, right=(1,))


def _merged(left: tuple[Left, ...]) -> list[Left]:
    """Files of one package and of one reason together, by their directory."""
    found: dict[tuple[str, str], Left] = {}
    for item in left:
        folder = (
            "/".join(item.path.split("/")[:3])
            if item.why.startswith("it is ") and item.path.startswith("/")
            else item.path
        )
        key = (folder, item.why)
        before = found.get(key)
        found[key] = Left(folder if before else item.path, item.why, item.size + (before.size if before else 0))
    return sorted(found.values(), key=lambda item: (-item.size, item.path))


def _proof(found: Split) -> list[str]:
    lines = [f"{found.files} files of the runtime are what they were; settings too."]
    if found.draft.command is None:
        lines.append(
            "It starts the same program, byte for byte."
            if found.same_program
            else "The program that it starts is another build of it, of another base."
        )
    lines += [
        f"`{' '.join(check.command)}` prints the same in both, exit status {check.after.status}."
        for check in found.checks
    ]
    lines += [
        f"`{' '.join(check.command)}` writes something else to standard error; in the runtime: {_last(check.after.stderr)}"
        for check in found.checks
        if check.complains
    ]
    if not found.checks:
        lines.append("No command was run in it: --check COMMAND runs one in both.")
    return lines


def _last(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "nothing"


def _end(found: Split, kept: str) -> str:
    written = (
        f"{kept} was written."
        if kept
        else "Nothing was written: --write puts it in the place of the Dockerfile, -o FILE beside it."
    )
    if not found.proven:
        return f"Nothing was built. {written}"
    before, after = table.size(found.before), table.size(found.after)
    return f"{before} → {after}, −{found.percent:.1f} %. {written}"


def document(found: Split) -> str:
    """The report as JSON: bytes everywhere, percent rounded."""
    draft = found.draft
    return json.dumps(
        {
            "kind": draft.kind,
            "tool": draft.tool,
            "builder": found.facts.base,
            "runtime": draft.base,
            "dockerfile": found.text,
            "left": [asdict(item) for item in draft.left],
            "packages": list(draft.packages),
            "assumed": list(draft.assumed),
            "before": found.before,
            "after": found.after,
            "percent": found.percent,
            "files": found.files,
            "same_program": found.same_program,
            "checks": [
                {"command": list(check.command), "status": check.after.status, "stderr": not check.complains}
                for check in found.checks
            ],
        },
        indent=2,
    )
