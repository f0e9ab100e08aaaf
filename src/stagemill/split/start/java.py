"""Java: packages before sources, the build tool's cache kept between builds, and a Java that only runs."""

from __future__ import annotations

import re

from stagemill.split.start.folder import Folder, Start, ignore, listed

_MAVEN = re.compile(r"<(?:java\.version|maven\.compiler\.(?:release|source|target)|release)>\s*(?:1\.)?(\d+)")
_GRADLE = re.compile(
    r"(?:JavaLanguageVersion\.of\(|VERSION_|(?:source|target)Compatibility\s*=\s*['\"]?(?:1\.)?|jvmToolchain\()(\d+)"
)
_VERSION = "21"


def start(folder: Folder, command: str) -> Start | None:
    """What is run is the archive that the build makes."""
    if folder.has("pom.xml"):
        return _maven(folder, command)
    return _gradle(folder, command) if folder.has("build.gradle", "build.gradle.kts") else None


def _maven(folder: Folder, command: str) -> Start:
    found = _MAVEN.search(folder.read("pom.xml"))
    java = found[1] if found else _VERSION
    text = f"""FROM maven:3-eclipse-temurin-{java} AS builder
WORKDIR /src
# What was downloaded stays between builds, and out of the image.
COPY pom.xml ./
RUN --mount=type=cache,target=/root/.m2 mvn -B -q dependency:go-offline
COPY src ./src
RUN --mount=type=cache,target=/root/.m2 mvn -B -q package -DskipTests \\
 && cp "$(ls target/*.jar | grep -v -e -sources -e -javadoc -e original- | head -n 1)" /app.jar
{_runtime(java, command)}"""
    return Start("java", "Maven", text, ignore(("target", "**/*.class")), command or "java -jar /app/app.jar")


def _gradle(folder: Folder, command: str) -> Start:
    found = _GRADLE.search(folder.read("build.gradle") or folder.read("build.gradle.kts"))
    java = found[1] if found else _VERSION
    gradle = "./gradlew" if folder.has("gradlew") else "gradle"
    image = f"eclipse-temurin:{java}" if gradle == "./gradlew" else f"gradle:jdk{java}"
    text = f"""FROM {image} AS builder
WORKDIR /src
COPY . .
# What was downloaded stays between builds, and out of the image.
RUN --mount=type=cache,target=/cache GRADLE_USER_HOME=/cache {gradle} --no-daemon assemble \\
 && cp "$(ls build/libs/*.jar | grep -v -e -plain -e -sources -e -javadoc | head -n 1)" /app.jar
{_runtime(java, command)}"""
    return Start(
        "java", "Gradle", text, ignore(("build", ".gradle", "**/*.class")), command or "java -jar /app/app.jar"
    )


def _runtime(java: str, command: str) -> str:
    return f"""
# A Java that only runs: no compiler, no build tool.
FROM eclipse-temurin:{java}-jre AS runtime
WORKDIR /app
COPY --from=builder /app.jar ./
USER nobody
CMD {listed(command or "java -jar /app/app.jar")}
"""
