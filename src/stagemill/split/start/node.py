"""Node: packages before sources, a build where there is one, and a runtime with production packages only; or pages alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stagemill.split.start.folder import Folder, Start, ignore, listed, table, version

_VERSION = "22"
_MANAGERS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm"}
# Where tools that make pages put them.
_PAGES = {"react-scripts": "build", "vite": "dist", "astro": "dist", "@11ty/eleventy": "_site", "@angular/cli": "dist", "parcel": "dist", "@vue/cli-service": "dist", "gatsby": "public"}  # fmt: skip
_IGNORED = ("**/node_modules", "dist", "build", "coverage", ".next", "**/*.log", "**/*.tsbuildinfo")
_ITEM = re.compile(r"""^\s*-\s*["']?([^"'!#\s]+)""", re.MULTILINE)
_BUILT = ("dist", "build", "out", "lib")


def start(folder: Folder, command: str) -> Start | None:
    """Raises StagemillError where nothing says what runs."""
    if not folder.has("package.json"):
        return None
    manifest = folder.json("package.json")
    manager = next((name for file, name in _MANAGERS.items() if folder.has(file)), "npm")
    scripts = {name: text for name, text in table(manifest, "scripts").items() if isinstance(text, str)}
    if not command and _is_tooling(folder, manifest, scripts):
        return None
    site = "" if command else _pages(manifest, scripts)
    text = (
        _site(folder, manager, site)
        if site
        else _server(folder, manifest, scripts, command or _command(folder, manifest, scripts))
    )
    made = tuple(
        name for name in _IGNORED if name != "build" or not (folder.path / "build").is_dir() or "build" in scripts
    )
    shown = f"busybox httpd, for {site}" if site else command or _command(folder, manifest, scripts)
    return Start("site" if site else "node", manager, text, ignore(made), shown)


def _is_tooling(folder: Folder, manifest: Mapping[str, object], scripts: Mapping[str, str]) -> bool:
    """Whether it only names what checks or formats a project of another language."""
    runs = bool({"start", "build"} & scripts.keys())
    runs = runs or any(manifest.get(name) for name in ("main", "dependencies", "workspaces"))
    others = folder.has(
        "pyproject.toml", "requirements.txt", "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts"
    )
    return bool(others) and not runs


def _pages(manifest: Mapping[str, object], scripts: Mapping[str, str]) -> str:
    """The directory of pages, where the project makes nothing else; empty for a program."""
    packages = {**table(manifest, "dependencies"), **table(manifest, "devDependencies")}
    served = scripts.get("start", "").split(" ")[0]
    if "build" not in scripts or served in {"node", "next", "nest", "nuxt"} or "next" in packages:
        return ""
    return next(
        (
            place
            for tool, place in _PAGES.items()
            if tool in packages and tool in f"@{scripts['build']} {tool if tool[0] == '@' else ''} {scripts['build']}"
        ),
        "",
    )


def _command(folder: Folder, manifest: Mapping[str, object], scripts: Mapping[str, str]) -> str:
    for script in (scripts.get("start:prod", ""), scripts.get("start", "")):
        if script.startswith("node ") and not set("&|;$`<>") & set(script):
            return script
    main = manifest.get("main")
    for name in (main, "server.js", "index.js", "app.js", "src/server.js", "src/index.js"):
        if isinstance(name, str) and (folder.has(name) or ("build" in scripts and name.split("/")[0] in _BUILT)):
            return f"node {name}"
    if "next" in table(manifest, "dependencies"):
        return "node_modules/.bin/next start"
    raise folder.unknown(
        "what the image is to run", 'say it: --run "node dist/index.js", or name it in package.json as main'
    )


def _workspaces(folder: Folder, manifest: Mapping[str, object]) -> list[str]:
    """The directories of the packages of a workspace, sorted; none where it is none."""
    given = manifest.get("workspaces")
    given = given.get("packages") if isinstance(given, dict) else given
    patterns = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
    patterns += _ITEM.findall(folder.read("pnpm-workspace.yaml"))
    found = {
        path.rpartition("/")[0] for pattern in patterns for path in folder.find(f"{pattern.strip('./')}/package.json")
    }
    return sorted(path for path in found if "node_modules" not in path)


def _is_berry(folder: Folder) -> bool:
    """Whether it is a yarn of the second kind, which calls its flags otherwise."""
    named = str(folder.json("package.json").get("packageManager", ""))
    return bool(folder.has(".yarnrc.yml")) or named.startswith(("yarn@2", "yarn@3", "yarn@4"))


def _install(folder: Folder, manager: str) -> tuple[str, str, str]:
    """What is copied before, the install, and how packages for development are removed."""
    several = bool(_workspaces(folder, folder.json("package.json")))
    if manager == "pnpm":
        files = "package.json pnpm-lock.yaml" + (" pnpm-workspace.yaml" if folder.has("pnpm-workspace.yaml") else "")
        prune = "CI=true pnpm install --prod --frozen-lockfile" if several else "CI=true pnpm prune --prod"
        return files, "corepack enable && pnpm install --frozen-lockfile", prune
    if manager == "yarn" and _is_berry(folder):
        files = "package.json yarn.lock" + (" .yarnrc.yml" if folder.has(".yarnrc.yml") else "")
        prune = f"yarn workspaces focus {'--all ' if several else ''}--production"
        return files, "corepack enable && yarn install --immutable", prune
    if manager == "yarn":
        prune = "yarn install --production --ignore-scripts --prefer-offline --frozen-lockfile"
        return "package.json yarn.lock", "corepack enable && yarn install --frozen-lockfile", prune
    if folder.has("package-lock.json", "npm-shrinkwrap.json"):
        return "package*.json", "npm ci", "npm prune --omit=dev"
    return "package*.json", "npm install", "npm prune --omit=dev"


def _first(folder: Folder, manager: str) -> str:
    manifest = folder.json("package.json")
    files, install, _ = _install(folder, manager)
    engines = table(manifest, "engines").get("node")
    text = folder.read(".nvmrc") or folder.read(".node-version") or str(engines or "")
    wanted = version(text, _VERSION).partition(".")[0]
    more = "".join(f"COPY {path}/package.json ./{path}/\n" for path in _workspaces(folder, manifest))
    return f"""ARG NODE={wanted}

FROM node:$NODE AS builder
WORKDIR /app
# The lists of packages first: as long as they stay the same, nothing is installed again.
COPY {files} ./
{more}RUN {install}
COPY . .
"""


def _build(folder: Folder, manager: str, scripts: Mapping[str, str]) -> str:
    """The RUN that builds; nothing where no script does."""
    if "build" in scripts:
        return f"RUN {manager} run build\n"
    built = [
        path
        for path in _workspaces(folder, folder.json("package.json"))
        if "build" in table(folder.json(f"{path}/package.json"), "scripts")
    ]
    if not built:
        return ""
    if manager == "yarn":
        names = [str(folder.json(f"{path}/package.json").get("name", path)) for path in built]
        return f"RUN {' && '.join(f'yarn workspace {name} run build' for name in names)}\n"
    return "RUN pnpm --recursive run build\n" if manager == "pnpm" else "RUN npm run build --workspaces --if-present\n"


def _server(folder: Folder, manifest: Mapping[str, object], scripts: Mapping[str, str], command: str) -> str:
    manager = _manager(folder)
    _, _, prune = _install(folder, manager)
    parts = [manifest, *(folder.json(f"{path}/package.json") for path in _workspaces(folder, manifest))]
    has_packages = any(table(part, "dependencies") for part in parts)
    prunes = has_packages and (len(parts) > 1 or any(table(part, "devDependencies") for part in parts))
    pruned = f"# The packages for development have done their work.\nRUN {prune}\n" if prunes else ""
    copies = ["COPY --from=builder /app/package.json ./"]
    if has_packages:
        copies.append("COPY --from=builder /app/node_modules ./node_modules")
    tops = dict.fromkeys(path.partition("/")[0] for path in _workspaces(folder, manifest))
    names = dict.fromkeys([*_needed(folder, command), *tops])
    copies += [f"COPY --from=builder /app/{name} ./{name}" for name in names]
    return f"""{_first(folder, manager)}{_build(folder, manager, scripts)}{pruned}
# The same Node without compilers, Python and git.
FROM node:$NODE-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
{chr(10).join(copies)}
# Nobody needs to be root to serve.
USER node
CMD {listed(command)}
"""


def _manager(folder: Folder) -> str:
    return next((name for file, name in _MANAGERS.items() if folder.has(file)), "npm")


def _needed(folder: Folder, command: str) -> list[str]:
    """What the runtime has beside packages: the directory of the program, or the sources where nothing is built."""
    words = command.split()
    if words[0].endswith("next"):
        return [
            ".next",
            *(name for name in sorted(folder.names) if name == "public" or name.startswith("next.config.")),
        ]
    main = next((word.removeprefix("./") for word in words[1:] if not word.startswith("-")), "")
    top = main.partition("/")[0]
    data = [
        name
        for name in ("views", "public", "static", "templates", "locales", "config", "migrations", "data")
        if folder.has(name)
    ]
    if "/" in main:
        return list(dict.fromkeys([top, *data]))
    sources = [
        name for name in ("src", "lib", "routes", "controllers", "models", "middleware", "services") if folder.has(name)
    ]
    return [
        *(name for name in sorted(folder.names) if name.endswith((".js", ".mjs", ".cjs")) and ".config." not in name),
        *sources,
        *data,
    ]


def _site(folder: Folder, manager: str, place: str) -> str:
    return f"""{_first(folder, manager)}RUN {manager} run build

# A server of one megabyte: the pages need nothing of what made them.
FROM busybox:1.37 AS runtime
COPY --from=builder /app/{place} /www
EXPOSE 8080
USER nobody
CMD ["busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""
