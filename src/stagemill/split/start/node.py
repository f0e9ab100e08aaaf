"""Node: packages before sources, a build where there is one, and a runtime with production packages only; or pages alone."""

from __future__ import annotations

from collections.abc import Mapping

from stagemill.split.start.folder import Folder, Start, ignore, listed, table, version

_VERSION = "22"
_MANAGERS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm"}
# Where tools that make pages put them.
_PAGES = {"react-scripts": "build", "vite": "dist", "astro": "dist", "@11ty/eleventy": "_site", "@angular/cli": "dist", "parcel": "dist", "@vue/cli-service": "dist", "gatsby": "public"}  # fmt: skip
_IGNORED = ("**/node_modules", "dist", "build", "coverage", ".next", "**/*.log", "**/*.tsbuildinfo")
_BUILT = ("dist", "build", "out", "lib")


def start(folder: Folder, command: str) -> Start | None:
    """Raises StagemillError where nothing says what runs."""
    if not folder.has("package.json"):
        return None
    manifest = folder.json("package.json")
    manager = next((name for file, name in _MANAGERS.items() if folder.has(file)), "npm")
    scripts = {name: text for name, text in table(manifest, "scripts").items() if isinstance(text, str)}
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
    script = scripts.get("start", "")
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


def _install(folder: Folder, manager: str) -> tuple[str, str, str]:
    """What is copied before, the install, and how packages for development are removed."""
    if manager == "pnpm":
        return (
            "package.json pnpm-lock.yaml",
            "corepack enable && pnpm install --frozen-lockfile",
            "CI=true pnpm prune --prod",
        )
    if manager == "yarn":
        return (
            "package.json yarn.lock",
            "corepack enable && yarn install --frozen-lockfile",
            "yarn install --production --ignore-scripts --prefer-offline --frozen-lockfile",
        )
    if folder.has("package-lock.json", "npm-shrinkwrap.json"):
        return "package*.json", "npm ci", "npm prune --omit=dev"
    return "package*.json", "npm install", "npm prune --omit=dev"


def _first(folder: Folder, manager: str) -> str:
    files, install, _ = _install(folder, manager)
    engines = table(folder.json("package.json"), "engines").get("node")
    wanted = version(folder.read(".nvmrc") or folder.read(".node-version") or str(engines or ""), _VERSION).partition(
        "."
    )[0]
    return f"""ARG NODE={wanted}

FROM node:$NODE AS builder
WORKDIR /app
# The lists of packages first: as long as they stay the same, nothing is installed again.
COPY {files} ./
RUN {install}
COPY . .
"""


def _server(folder: Folder, manifest: Mapping[str, object], scripts: Mapping[str, str], command: str) -> str:
    _, _, prune = _install(folder, _manager(folder))
    build = f"RUN {_manager(folder)} run build\n" if "build" in scripts else ""
    has_packages = bool(table(manifest, "dependencies"))
    prunes = has_packages and bool(table(manifest, "devDependencies"))
    pruned = f"# The packages for development have done their work.\nRUN {prune}\n" if prunes else ""
    copies = ["COPY --from=builder /app/package.json ./"]
    if has_packages:
        copies.append("COPY --from=builder /app/node_modules ./node_modules")
    copies += [f"COPY --from=builder /app/{name} ./{name}" for name in _needed(folder, command)]
    return f"""{_first(folder, _manager(folder))}{build}{pruned}
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
        return [".next", *(["public"] if folder.has("public") else [])]
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
FROM busybox AS runtime
COPY --from=builder /app/{place} /www
EXPOSE 8080
USER nobody
CMD ["busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""
