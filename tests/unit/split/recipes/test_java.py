"""Projects of Java."""

from __future__ import annotations

import io
import zipfile

from fakes.splitting import built, drafted, refusal, runtime
from fakes.tree import Node, file

MAVEN = 'FROM maven:3.9-eclipse-temurin-21\nWORKDIR /app\nCOPY . .\nRUN mvn package\nCMD ["java", "-jar", "target/app.jar"]\n'
FILES = {"pom.xml": "", "src/main/java/App.java": "", "config/app.yml": ""}


def test_the_archive_goes_to_a_java_that_only_runs() -> None:
    assert runtime(MAVEN, FILES) == [
        "FROM eclipse-temurin:21-jre AS runtime",
        "WORKDIR /app",
        "COPY --from=builder /app/target/app.jar ./target/app.jar",
        "COPY --from=builder /app/config ./config",
        'CMD ["java", "-jar", "target/app.jar"]',
    ]
    assert drafted(MAVEN, FILES).tool == "Maven"


def test_gradle_is_another_tool() -> None:
    text = "FROM gradle:8-jdk17\nWORKDIR /app\nCOPY . .\nRUN ./gradlew build\nCMD java -jar build/libs/a.jar\n"

    assert (drafted(text).tool, drafted(text).base) == ("Gradle", "eclipse-temurin:17-jre")


def test_a_java_of_the_system_has_a_smaller_one_too() -> None:
    text = "FROM debian\nRUN apt-get install -y openjdk-17-jdk-headless maven\nWORKDIR /a\nRUN mvn package\nCMD java -jar target/a.jar\n"

    assert (drafted(text).base, drafted(text).packages) == ("debian", ("openjdk-17-jre-headless",))


def test_what_java_runs_must_be_named() -> None:
    assert "is not one archive" in refusal(MAVEN.replace('"-jar", "target/app.jar"', '"Main"'))[0]
    assert "is not one archive" in refusal(MAVEN.replace('"-jar", "target/app.jar"', '"-cp", "a:b", "Main"'))[0]
    assert "which Java maven:latest has" in refusal(MAVEN.replace("3.9-eclipse-temurin-21", "latest"))[0]


def archived(manifest: str) -> Node:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
    return file(data.getvalue())


def test_what_the_manifest_names_goes_along() -> None:
    tree: dict[str, Node | str] = {
        "app/target/app.jar": archived("Main-Class: App\r\nClass-Path: lib/a.jar li\r\n b/none.jar classes/\r\n"),
        "app/target/lib/a.jar": "",
        "app/target/classes/App.class": "",
        "app/target/other": "",
    }

    assert [(item.path, item.directory) for item in built(MAVEN, {}, tree).kept] == [
        ("/app/target/app.jar", False),
        ("/app/target/lib/a.jar", False),
        ("/app/target/classes", True),
    ]
    assert len(built(MAVEN, {}, {"app/target/app.jar": "no archive"}).kept) == 1


def test_an_archive_in_a_directory_of_its_own_keeps_its_company() -> None:
    text = MAVEN.replace("target/app.jar", "target/quarkus-app/quarkus-run.jar")

    assert "COPY --from=builder /app/target/quarkus-app ./target/quarkus-app" in runtime(text, FILES)
