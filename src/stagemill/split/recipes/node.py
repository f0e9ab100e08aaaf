"""Projects of Node: npm, pnpm and yarn. The runtime has the slim image, what was built, and the packages that it runs with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, TypeAlias

from stagemill.dockerfile.tree import Run
from stagemill.lint import packages
from stagemill.lint.packages import Call
from stagemill.split import families, system
from stagemill.split.draft import Draft, Kept, Line
from stagemill.split.facts import Facts
from stagemill.split.families import Base
from stagemill.split.site import Site

Manager: TypeAlias = Literal["npm", "pnpm", "yarn"]

_SOURCES = ("src", "lib-src", "source", "app-src")
_SIGNS = frozenset("&|;$`<>\n")
_HAS = ("nodejs", "npm", "python3", "ca-certificates")


def installs(facts: Facts) -> bool:
    """Whether packages of Node are installed in an image of Node, for whatever runs."""
    return Base.of(facts.base).name == "node" and bool(_calls(facts))


def draft(facts: Facts, site: Site) -> Draft:
    """Raises DockerfileError where the program that runs is not known, or its packages are not certain."""
    manifest = _manifest(facts, site)
    command = _command(facts, manifest)
    words = tuple(command.text.split()) if command else facts.entry.inner
    main = _main(words, manifest)
    site = site.making(main.partition("/")[0] if "/" in main else "")
    calls = _calls(facts)
    end, also = _without_development(facts, calls, manifest)
    if site.has("node_modules") or (not site.built and calls):
        site = site.making("node_modules")
    needed = {main.partition("/")[0], "node_modules", "package.json"} - {"", *also}
    kept, left = site.sorted_out("node", needed=needed, also_left=also | _sources(site, main))
    base = Base.of(facts.base)
    runtime = families.slim(base) if base.name == "node" else families.system(base, site.release)
    keep = ("nodejs", *(["npm"] if words[0] == "npm" else [])) if base.name != "node" else ()
    wanted, unwanted = system.divided(facts, keep=keep, needless=_HAS if base.name == "node" else ("python3",))
    return Draft(
        kind="node",
        tool=calls[0].manager if calls else "",
        base=runtime,
        why=_why(base, runtime),
        kept=tuple(_explained(kept, main)),
        left=(*left, *unwanted),
        end=end,
        command=command,
        packages=wanted,
        manager=system.manager(facts),
        users=system.users(facts),
        assumed=() if site.built or not main else (f"that the build leaves {site.absolute(main)}",),
    )


def _why(base: Base, runtime: str) -> str:
    if runtime != str(base):
        return "The same Node without compilers, Python and git: nothing is built from here on."
    return "The same base, begun anew: what the build has left in its layers stays behind."


def _manifest(facts: Facts, site: Site) -> Mapping[str, object]:
    """The package.json that the image has; nothing where it is not known yet."""
    place = site.path("package.json")
    entry = site.view.lstat(place) if site.built and site.view else None
    text = facts.read("package.json")
    if site.view and entry and entry.kind == "file":
        text = site.view.real_path(place).read_text("utf-8", "replace")
    try:
        found: object = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _script(manifest: Mapping[str, object], name: str) -> str:
    scripts = manifest.get("scripts")
    found = scripts.get(name) if isinstance(scripts, dict) else None
    return found if isinstance(found, str) else ""


def _command(facts: Facts, manifest: Mapping[str, object]) -> Line | None:
    """CMD as it is to be, where it calls a package manager that the slim image lacks; None where it may stay."""
    words, program = facts.entry.inner, facts.entry.inner_program
    if program not in {"npm", "pnpm", "yarn", "npx"}:
        return None
    if program == "npx":
        raise facts.refusal("cannot split it: `npx` may fetch the program when the container starts",
                            'name what it runs: CMD ["node", "dist/index.js"]')  # fmt: skip
    name = words[2] if words[1:2] == ("run",) and len(words) > 2 else "".join(words[1:2])
    script = _script(manifest, name)
    if not script.startswith(("node ", "nodejs ")) or _SIGNS & set(script):
        raise facts.refusal(
            f"cannot split it: what `{' '.join(words)}` runs is not one call of node"
            + (f": {script}" if script else ""),
            'name what it runs: CMD ["node", "dist/index.js"]',
        )
    if program == "npm":
        return None
    return Line(
        facts.entry.instead(script.split()),
        f"What `{' '.join(words)}` runs; so signals reach the program, and {program} is not needed.",
    )


def _main(words: tuple[str, ...], manifest: Mapping[str, object]) -> str:
    """The file that node runs, as the command says it; empty where it does not."""
    if words[0] == "npm":
        words = tuple(_script(manifest, words[-1] if words[1:2] == ("run",) else "start").split())
    for word in words[1:]:
        if not word.startswith("-"):
            return word.removeprefix("./")
    return ""


def _calls(facts: Facts) -> list[Call]:
    """The installs of the project's packages."""
    found: list[Call] = []
    for step in facts.stage.steps:
        if isinstance(step.node, Run):
            of_step = packages.of_step(step, step.node, escape=facts.file.escape)
            found += [call for call in of_step if isinstance(call, Call) and call.manager in packages.NODE]
    return [call for call in found if call.verb in {"install", "prune"}]


def _without_development(
    facts: Facts, calls: list[Call], manifest: Mapping[str, object]
) -> tuple[tuple[Line, ...], dict[str, str]]:
    """How the build stage ends, so that only packages of the program are left; and names that stay behind."""
    if not manifest or not calls or calls[-1].production or calls[-1].verb == "prune":
        return (), {}
    if not manifest.get("dependencies") and not manifest.get("optionalDependencies") and not manifest.get("workspaces"):
        return (), {"node_modules": "package.json names no packages that the program runs with"}
    if not manifest.get("devDependencies"):
        return (), {}
    call = calls[-1]
    prefix = "" if call.directory in {None, facts.workdir} else f"cd {call.directory} && "
    return (Line(f"RUN {prefix}{_prune(call, manifest)}", "The packages for development have done their work."),), {}


def _prune(call: Call, manifest: Mapping[str, object]) -> str:
    if call.manager == "npm":
        return "npm prune --omit=dev"
    if call.manager == "pnpm":
        return "CI=true pnpm prune --prod"
    if str(manifest.get("packageManager", "")).startswith(("yarn@2", "yarn@3", "yarn@4")):
        return "yarn workspaces focus --production"
    return "yarn install --production --ignore-scripts --prefer-offline --frozen-lockfile"


def _sources(site: Site, main: str) -> dict[str, str]:
    """Directories of sources that were built into the one that the program is in."""
    made = main.partition("/")[0]
    if "/" not in main or made in _SOURCES:
        return {}
    return {name: f"it is the source of {made}" for name in site.names if name in _SOURCES and name != made}


def _explained(kept: list[Kept], main: str) -> list[Kept]:
    made = main.partition("/")[0] if "/" in main else ""
    whys = {"node_modules": "The packages that it runs with.", made: "What was built."}
    return [Kept(item.path, item.directory, item.why or whys.get(item.path.rpartition("/")[2], "")) for item in kept]
