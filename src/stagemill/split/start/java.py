"""Java: packages before sources, the build tool's cache kept between builds, and a Java that only runs."""

from __future__ import annotations

import re

from stagemill.split.start.folder import Folder, Start, ignore, listed

_MAVEN = re.compile(r"<(?:java\.version|maven\.compiler\.(?:release|source|target)|release)>\s*(?:1\.)?(\d+)")
_GRADLE = re.compile(
    r"(?:JavaLanguageVersion\.of\(|VERSION_|(?:source|target)Compatibility\s*=\s*['\"]?(?:1\.)?|jvmToolchain\()(\d+)"
)
_VERSION = "21"
_M2 = "--mount=type=cache,target=/root/.m2"
_PROGRAM = re.compile(
    r"spring-boot-maven-plugin|org\.springframework\.boot|maven-shade-plugin|maven-assembly-plugin|mainClass|shadow|['\"]application['\"]|quarkus"
)


def start(folder: Folder, command: str) -> Start | None:
    """What is run is the archive that the build makes."""
    if folder.has("pom.xml"):
        return _maven(folder, command)
    return _gradle(folder, command) if folder.has("build.gradle", "build.gradle.kts") else None


def _maven(folder: Folder, command: str) -> Start:
    pom = folder.read("pom.xml")
    found = _MAVEN.search(pom)
    java = found[1] if found else _VERSION
    modules = [each.strip() for each in re.findall(r"<module>([^<]+)</module>", pom)]
    module, command = _module(folder, modules, "pom.xml", command) if modules else ("", command)
    first = "" if modules else f"COPY pom.xml ./\nRUN {_M2} mvn -B -q dependency:go-offline\n"
    sources = "COPY . ." if modules else "COPY src ./src"
    only = f" -pl {module} -am" if module else ""
    text = f"""FROM maven:3-eclipse-temurin-{java} AS builder
WORKDIR /src
# What was downloaded stays between builds, and out of the image.
{first}{sources}
RUN {_M2} mvn -B -q package -DskipTests{only} \\
 && {_copied(f"{module}/target" if module else "target", "*-sources.jar", "*-javadoc.jar", "original-*.jar")}
{_runtime(java, command)}"""
    return Start("java", "Maven", text, ignore(("**/target", "**/*.class")), command or "java -jar /app/app.jar")


def _gradle(folder: Folder, command: str) -> Start:
    script = folder.read("build.gradle") or folder.read("build.gradle.kts")
    settings = folder.read("settings.gradle") or folder.read("settings.gradle.kts")
    calls = re.findall(r"^\s*include\b(.*)", settings, re.MULTILINE)
    modules = [each.strip(":").replace(":", "/") for call in calls for each in re.findall(r"['\"]([^'\"]+)['\"]", call)]
    apart = modules and not folder.has("src/main")
    module, command = _module(folder, modules, "build.gradle*", command) if apart else ("", command)
    found = _GRADLE.search(script)
    java = found[1] if found else _VERSION
    gradle = "./gradlew" if folder.has("gradlew") else "gradle"
    image = f"eclipse-temurin:{java}" if gradle == "./gradlew" else f"gradle:jdk{java}"
    task = f":{module.replace('/', ':')}:assemble" if module else "assemble"
    text = f"""FROM {image} AS builder
WORKDIR /src
COPY . .
# What was downloaded stays between builds, and out of the image.
RUN --mount=type=cache,target=/cache GRADLE_USER_HOME=/cache {gradle} --no-daemon {task} \\
 && {_copied(f"{module}/build/libs" if module else "build/libs", "*-plain.jar", "*-sources.jar", "*-javadoc.jar")}
{_runtime(java, command)}"""
    made = ("**/build", "**/.gradle", "**/*.class")
    return Start("java", "Gradle", text, ignore(made), command or "java -jar /app/app.jar")


def _module(folder: Folder, modules: list[str], file: str, command: str) -> tuple[str, str]:
    """The module that is a program, and what is left of the command, which may name one. Raises StagemillError."""
    if command in modules:
        return command, ""
    texts = {each: "".join(folder.read(path) for path in folder.find(f"{each}/{file}")) for each in modules}
    programs = [each for each, text in texts.items() if _PROGRAM.search(text)]
    if len(programs) != 1:
        hint = f"there are {', '.join(programs or modules)}; say it: --run {(programs or modules)[0]}"
        raise folder.unknown("which module the image is to run", hint)
    return programs[0], command


def _copied(place: str, *others: str) -> str:
    """The archive that runs, whatever it is called, without those beside it."""
    without = " ".join(f"! -name '{other}'" for other in others)
    return f"find {place} -maxdepth 1 -name '*.jar' {without} -exec cp {{}} /app.jar ';' -quit"


def _runtime(java: str, command: str) -> str:
    return f"""
# A Java that only runs: no compiler, no build tool.
FROM eclipse-temurin:{java}-jre AS runtime
WORKDIR /app
COPY --from=builder /app.jar ./
USER nobody
CMD {listed(command or "java -jar /app/app.jar")}
"""
