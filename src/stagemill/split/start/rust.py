"""Rust: caches of cargo kept between builds, and the program on a plain system."""

from __future__ import annotations

from stagemill.split.start.folder import Folder, Start, ignore, listed, packages, table, version


def start(folder: Folder, command: str) -> Start | None:
    """`command` names a program of the project. Raises StagemillError where there are several."""
    if not folder.has("Cargo.toml"):
        return None
    manifest = folder.toml("Cargo.toml")
    name = command or _program(folder, manifest)
    wanted = table(manifest, "package").get("rust-version")
    release = version(str(wanted or ""), "1")
    locked = " --locked" if folder.has("Cargo.lock") else ""
    tls = "openssl-sys" in folder.read("Cargo.lock") and "openssl-src" not in folder.read("Cargo.lock")
    build, run = (packages("libssl-dev", "pkg-config"), packages("ca-certificates", "libssl3")) if tls else ("", "")
    text = f"""FROM rust:{release}-slim-bookworm AS builder
{build}WORKDIR /src
COPY . .
# Both caches stay between builds, and out of the image; so the program is copied out of the second one.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \\
    cargo build --release{locked} --bin {name} \\
 && cp target/release/{name} /usr/local/bin/{name}

# The system whose C library the program is linked with, without compilers.
FROM debian:bookworm-slim AS runtime
{run}COPY --from=builder /usr/local/bin/{name} /usr/local/bin/{name}
USER nobody
CMD {listed(name)}
"""
    return Start("rust", "cargo", text, ignore(("target",)), name)


def _program(folder: Folder, manifest: object) -> str:
    bins = manifest.get("bin") if isinstance(manifest, dict) else None
    named = [str(each.get("name")) for each in bins if isinstance(each, dict)] if isinstance(bins, list) else []
    named += [path.removeprefix("src/bin/").removesuffix(".rs") for path in folder.find("src/bin/*.rs")]
    for member in folder.find("*/Cargo.toml") + folder.find("crates/*/Cargo.toml"):
        own = table(folder.toml(member), "package").get("name")
        if folder.has(f"{member.removesuffix('Cargo.toml')}src/main.rs") and isinstance(own, str):
            named.append(own)
    package = table(manifest, "package").get("name")
    if folder.has("src/main.rs") and isinstance(package, str) and not bins:
        named.insert(0, package)
    if len(named) == 1:
        return named[0]
    if named:
        raise folder.unknown(
            "which program the image is to run", f"there are {', '.join(named)}; say it: --run {named[0]}"
        )
    raise folder.unknown("a program", "say which one of the workspace it is: --run NAME")
