"""Projects of Java: Maven and Gradle. The runtime has a Java that only runs, and the archive that was built."""

from __future__ import annotations

import posixpath
import zipfile

from stagemill.files.paths import clean, resolve
from stagemill.split import families, system
from stagemill.split.draft import Draft, Kept, Left
from stagemill.split.facts import Facts
from stagemill.split.families import Base
from stagemill.split.site import Site

_TOOLS = {"mvn": "Maven", "mvnw": "Maven", "gradle": "Gradle", "gradlew": "Gradle", "javac": "javac"}
_OUTPUTS = frozenset({"target", "libs", "build"})


def draft(facts: Facts, site: Site) -> Draft:
    """Raises DockerfileError where what runs is no archive that can be named, or no Java without compiler is known."""
    base = Base.of(facts.base)
    tool = next((_TOOLS[ran.program] for ran in facts.commands if ran.program in _TOOLS), "")
    packages = [package.name for package in system.asked(facts)]
    by_system = base.name in {"debian", "ubuntu", "alpine"} and any("jdk" in name for name in packages)
    runtime = str(base) if by_system else families.java(base)
    if runtime is None:
        hint = "begin from an image that names its Java, such as maven:3.9-eclipse-temurin-21"
        raise facts.refusal(
            f"cannot split it: which Java {facts.base} has is not known", hint, span=facts.stage.start.span
        )
    archive = _archive(facts)
    inside = site.relative(archive)
    site = site.making(inside)
    also = {inside.partition("/")[0]: "of what was built there, only the archive is needed"} if "/" in inside else {}
    kept, left = site.sorted_out("java", also_left=also)
    kept = [_kept(archive, facts), *(item for item in kept if item.path != archive), *_class_path(site, archive)]
    wanted, unwanted = system.divided(facts)
    if by_system:
        jres = tuple(name.replace("-jdk", "-jre") for name in packages if "jdk" in name)
        wanted = (*wanted, *(name if "headless" in name else f"{name}-headless" for name in jres))
    return Draft(
        kind="java",
        tool=tool,
        base=runtime,
        why="A Java that only runs: compiler, build tool and downloaded packages stay behind.",
        kept=tuple(kept),
        left=(
            *left,
            *unwanted,
            Left("the compiler and the build tool", f"{facts.base} has them, with all that they have downloaded"),
        ),
        packages=wanted,
        manager=system.manager(facts),
        users=system.users(facts),
        assumed=() if site.built else (f"that the build leaves {archive}", "which other archives its manifest names"),
    )


def _kept(archive: str, facts: Facts) -> Kept:
    """An archive that lies where a tool puts nothing else needs what lies beside it."""
    folder = posixpath.dirname(archive)
    if (
        posixpath.basename(folder) not in _OUTPUTS
        and folder not in {facts.workdir.rstrip("/"), ""}
        and archive.endswith(".jar")
    ):
        return Kept(folder, directory=True, why="The archive, and what lies beside it.")
    directory = not archive.endswith((".jar", ".war")) and "*" not in archive
    return Kept(archive, directory, "The classes." if directory else "The archive, with the packages that it brings.")


def _class_path(site: Site, archive: str) -> list[Kept]:
    """What the manifest of a built archive names beside it. Source: the JAR file specification, Class-Path."""
    view = site.view
    place = resolve(view, clean(archive)) if view and site.built else ""
    entry = view.lstat(place) if view and place else None
    if view is None or entry is None or entry.kind != "file":
        return []
    try:
        with zipfile.ZipFile(view.real_path(place)) as archived:
            text = archived.read("META-INF/MANIFEST.MF").decode("utf-8", "replace")
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
        return []
    lines = text.replace("\r\n", "\n").replace("\n ", "").split("\n")
    names = [name for line in lines if line.startswith("Class-Path:") for name in line.partition(":")[2].split()]
    paths = ["/" + clean(f"{posixpath.dirname(archive)}/{name}") for name in names if "://" not in name]
    there = [(path, view.lstat(resolve(view, clean(path)))) for path in paths]
    return [Kept(path, found.kind == "dir", "The archive's manifest names it.") for path, found in there if found]


def _archive(facts: Facts) -> str:
    """The absolute path of what `java -jar` or `-cp` names."""
    words = facts.entry.words
    for at, word in enumerate(words[:-1]):
        if word == "-jar":
            if "$" in words[at + 1]:
                break
            return _absolute(facts, words[at + 1])
        if word in {"-cp", "-classpath", "--class-path"}:
            if ":" in words[at + 1]:
                break
            return _absolute(facts, words[at + 1].removesuffix("/*"))
    raise facts.refusal(
        "cannot split it: what java runs is not one archive or directory that is named",
        'name it: CMD ["java", "-jar", "target/app.jar"]',
    )


def _absolute(facts: Facts, path: str) -> str:
    return "/" + posixpath.normpath(posixpath.join(facts.workdir, path)).lstrip("/")
