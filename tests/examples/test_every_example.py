"""What holds for the images of all examples: others can read them, and an ordinary user gets the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import archives, weighing
from fakes.example import Example
from fakes.mill import Mill
from fakes.user import make_user

pytestmark = pytest.mark.network

EXAMPLES = sorted(path.name for path in (Path(__file__).parents[2] / "examples").iterdir() if path.is_dir())
BASES = (
    *("node:22", "node:22-slim", "golang:1.23", "golang:1.23-alpine"),
    *("alpine", "busybox:uclibc", "gcr.io/distroless/static"),
)
# Files that programs write with the time of day, an address or a random number in them.
RESTLESS = (
    *("node_modules/.modules.yaml", "node_modules/.pnpm-workspace-state", "tmp/node-compile-cache/"),
    *("root/.npm/_cacache/index-v5/", "root/.npm/_update-notifier"),
)
# Files that are called after the time of day.
LOGS = "root/.npm/_logs/"


@pytest.fixture(params=EXAMPLES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def archive(named_example: Example) -> Path:
    """The image of an example, as an OCI archive."""
    named_example.build("-o", "type=oci,dest=image.tar", tag="every")
    return named_example.folder / "image.tar"


def test_the_image_passes_skopeo_and_umoci(named_example: Example, archive: Path, tmp_path: Path) -> None:
    for tool in ("skopeo", "umoci"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    layout = f"{tmp_path}/layout:v1"

    seen = json.loads(_output("skopeo", "inspect", "--config", f"oci-archive:{archive}"))
    _output("skopeo", "copy", "--quiet", f"oci-archive:{archive}", f"oci:{layout}")
    _output("umoci", "unpack", "--image", layout, f"{tmp_path}/bundle")

    ours = named_example.config("every")
    assert {key: seen["config"].get(key) for key in ("Cmd", "Entrypoint", "Env", "WorkingDir", "User", "Labels")} == {
        key: ours.get(key) or None for key in ("Cmd", "Entrypoint", "Env", "WorkingDir", "User", "Labels")
    }
    assert len(seen["rootfs"]["diff_ids"]) == sum(not step.get("empty_layer") for step in seen["history"])
    assert _files(tmp_path / "bundle" / "rootfs") == _merged(archive)


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*")}


def _merged(archive: Path) -> set[str]:
    """The paths in an image, its layers laid on each other."""
    found: set[str] = set()
    for layer in archives.layers(archive.read_bytes()):
        for path in layer:
            folder, _, last = path.rpartition("/")
            prefix = f"{folder}/" if folder else ""
            if last == ".wh..wh..opq":
                found = {other for other in found if not other.startswith(prefix)}
            elif last.startswith(".wh."):
                gone = prefix + last.removeprefix(".wh.")
                found = {other for other in found if other != gone and not other.startswith(f"{gone}/")}
        found |= {path for path in layer if not path.rpartition("/")[2].startswith(".wh.")}
    return found


def test_sizes_are_those_that_tarfile_reads(named_example: Example, archive: Path) -> None:
    sized = named_example.stagemill("size", "--json", "oci-archive:image.tar")
    listed = named_example.stagemill(
        "size", "--by=file", "--format={{.TarBytes}} {{.Bytes}} {{.Path}}", "oci-archive:image.tar"
    )

    assert (sized.status, listed.status) == (0, 0), sized.err + listed.err
    found, data = json.loads(sized.out), archive.read_bytes()
    layers = weighing.layers(data)
    assert [(each["pulled"], each["tar"]) for each in found["layers"]] == [(each.blob, each.tar) for each in layers]
    assert [each["size"] for each in found["layers"]] == [sum(one.size for one in each.members) for each in layers]
    rows = (line.split(" ", 2) for line in listed.out.splitlines())
    wanted = weighing.reading(layers)
    assert {path: (int(tar), int(size)) for tar, size, path in rows} == {
        f"/{path}": facts for path, facts in wanted.shown.items()
    }
    assert weighing.hidden_of(found) == wanted.hidden
    assert found["size"] == sum(size for _, size in wanted.shown.values())


def test_the_record_of_the_build_says_the_same_as_its_image(named_example: Example, archive: Path) -> None:
    listed = json.loads(named_example.stagemill("builds", "--json").out)
    number = next(each["build"] for each in listed if each["context"] == str(named_example.folder))
    of_record = named_example.stagemill("size", "--json", str(number))
    of_archive = named_example.stagemill("size", "--json", f"oci-archive:{archive}")

    assert (of_record.status, of_archive.status) == (0, 0), of_record.err + of_archive.err
    record, alone = json.loads(of_record.out)["image"], json.loads(of_archive.out)
    for key in ("pulled", "tar", "size", "files", "directories", "packages"):
        assert record[key] == alone[key]
    assert [(each["digest"], each["pulled"]) for each in record["layers"]] == [
        (each["digest"], each["pulled"]) for each in alone["layers"]
    ]


@pytest.fixture(scope="session")
def ordinary(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """An ordinary user, with a store that holds the bases of root's."""
    bases = tmp_path_factory.mktemp("bases") / "bases.tar"
    subprocess.run([environment["STAGEMILL"], "save", "-o", str(bases), *BASES], env=environment, check=True)
    with make_user() as user:
        mill = replace(user.mill("examples"), longest=600)
        place = user.home / "bases.tar"
        shutil.move(bases, place)
        place.chmod(0o644)
        mill.ok("load", "-i", str(place))
        place.unlink()
        yield mill


@pytest.mark.root
def test_an_ordinary_user_gets_the_entries_of_root(
    name: str, named_example: Example, archive: Path, ordinary: Mill
) -> None:
    mill = replace(ordinary, folder=ordinary.folder / name)
    shutil.copytree(named_example.folder, mill.folder, ignore=shutil.ignore_patterns("image.tar"))
    subprocess.run(["chown", "-R", f"--reference={ordinary.folder}", str(mill.folder)], check=True)

    mill.ok("build", "-q", "-o", "type=oci,dest=image.tar", ".")

    of_user, of_root = (_steady(path) for path in (mill.folder / "image.tar", archive))
    assert len(of_user) == len(of_root)
    for ours, theirs in zip(of_user, of_root, strict=True):
        assert ours == theirs
    assert _config(mill.folder / "image.tar") == _config(archive)


def _steady(archive: Path) -> list[dict[str, str]]:
    """The entries of each layer, without the bytes of those files that come out otherwise every time."""
    layers = archives.layers(archive.read_bytes())
    return [{path: _line(path, line) for path, line in layer.items() if LOGS not in path} for layer in layers]


def _line(path: str, line: str) -> str:
    return " ".join(line.split()[:3]) if any(word in path for word in RESTLESS) else line


def _config(archive: Path) -> dict[str, Any]:
    found: dict[str, Any] = archives.config(archives.read_all(archive.read_bytes()))["config"]
    return found
