"""Scripts that call `docker`, with stagemill under that name: what they print and decide is what docker would."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.mill import Mill, Ran

pytestmark = pytest.mark.root

Script = Callable[..., Ran]

FILES = {
    "Dockerfile": """
FROM busybox AS build
ARG VERSION
RUN mkdir /out && echo "app $VERSION" > /out/app
FROM busybox
LABEL org.opencontainers.image.title="app" stage="ci"
ENV MODE=release
WORKDIR /srv
COPY --from=build /out/app .
EXPOSE 8080
CMD ["cat", "app"]
""",
    "ci.env": "MODE=test\n",
}


@pytest.fixture
def script(mill: Mill, tmp_path: Path) -> Script:
    """Runs lines of a shell, in which `docker` is a symlink to stagemill, as with `ln -s stagemill docker`."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "stagemill"
    program.write_text(f'#!/bin/sh\nexec {" ".join(mill.command)} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (programs / "docker").symlink_to("stagemill")
    mill.write(FILES)

    def run(lines: str, *, root: Path | None = None) -> Ran:
        environment = {**replace(mill, root=root or mill.root).environment}
        environment["PATH"] = f"{programs}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines], cwd=mill.folder, env=environment, capture_output=True, timeout=300, check=False
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    return run


def test_a_typical_script_of_ci_goes_through(script: Script) -> None:
    ran = script(r"""
docker --version >/dev/null
docker info >/dev/null
REGISTRY=registry.example:5000/team TAG=1.2.3

docker buildx build --pull=false --rm=true --build-arg VERSION=$TAG -t app:$TAG -t app:latest --progress plain --load . 2>build.log
ID=$(docker images -q app:$TAG)
test "${#ID}" = 12
test "$(docker image inspect -f '{{.Id}}' app:$TAG)" = "$(docker images -q --no-trunc app:$TAG)"
docker image inspect "$ID" >/dev/null

echo "labels: $(docker inspect --format '{{ index .Config.Labels "org.opencontainers.image.title" }}/{{.Config.Labels.stage}}' app)"
echo "cmd: $(docker inspect -f '{{json .Config.Cmd}}' $ID) $(docker inspect -f '{{join .Config.Cmd " "}}' $ID)"
echo "ports: $(docker inspect -f '{{range $p, $_ := .Config.ExposedPorts}}{{$p}} {{end}}' app)"
echo "env: $(docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' app | grep MODE)"
if docker inspect --type=image app:none >/dev/null 2>&1; then echo "there is an image that there is not"; fi

docker run --rm --name ci-test -e CI=1 --env-file ci.env app sh -c 'echo "run: $CI $MODE $(cat app)"' 2>/dev/null
docker container run --rm -v "$PWD:/work:ro" -w /work --network=none app:$TAG ls Dockerfile
echo stdin | docker run --rm -i app cat
set +e
docker run --rm app sh -c 'exit 3'; echo "status: $?"
docker run --rm app no-such-program 2>/dev/null; echo "status: $?"
docker run --rm --pull never no-such-image 2>/dev/null; echo "status: $?"
set -e

docker tag app:$TAG $REGISTRY/app:$TAG
docker tag $ID $REGISTRY/app:latest
docker images --format '{{.Repository}}:{{.Tag}}' | sort
docker images $REGISTRY/app --format '{{.Tag}}' | sort | xargs echo tags:
echo "digests: $(docker inspect -f '{{len .RepoDigests}}' app)"

docker history --no-trunc --format '{{.CreatedBy}}' app | head -2
docker history -q app | head -1 | grep -q "^$ID$"
docker save app:$TAG $REGISTRY/app | gzip > app.tar.gz
gunzip -c app.tar.gz | docker load
docker rmi $REGISTRY/app:$TAG $REGISTRY/app:latest
docker rmi -f $(docker images -q app)
docker images -q app | wc -l
test -z "$(docker ps -aq)"
""")

    assert (ran.status, ran.err) == (0, ""), ran.err
    lines = ran.out.splitlines()
    assert lines[:4] == [
        "labels: app/ci",
        'cmd: ["cat","app"] cat app',
        "ports: 8080/tcp ",
        "env: MODE=release",
    ]
    assert lines[4:10] == ["run: 1 test app 1.2.3", "Dockerfile", "stdin", "status: 3", "status: 127", "status: 125"]
    names = ["app:1.2.3", "app:latest", "busybox:latest"]
    names += ["registry.example:5000/team/app:1.2.3", "registry.example:5000/team/app:latest"]
    assert lines[10:15] == names
    assert lines[15:17] == ["tags: 1.2.3 latest", "digests: 2"]
    assert lines[17:19] == ['CMD ["cat" "app"]', "EXPOSE [8080/tcp]"]
    assert lines[19:22] == [f"Loaded image: {names[number]}" for number in (0, 3, 4)]
    assert lines[22:24] == [f"Untagged: {name}" for name in names[3:]]
    assert lines[24:26] == ["Untagged: app:1.2.3", "Untagged: app:latest"]
    assert lines[26].startswith("Deleted: sha256:")
    assert lines[27:] == ["0"]


def test_an_image_goes_to_another_store_through_a_pipe(script: Script, tmp_path: Path) -> None:
    script("docker build -q --build-arg VERSION=1 -t app . >/dev/null; docker save -o app.tar app")

    ran = script("docker load -qi app.tar; docker run app; docker image ls -q | wc -l", root=tmp_path / "other")

    assert ran.out.splitlines() == ["Loaded image: app:latest", "app 1", "1"]


def test_an_image_without_a_name_is_used_by_its_id_and_cleaned_up(script: Script) -> None:
    ran = script(r"""
docker run --rm $(docker build -q --build-arg VERSION=2 .)
docker build -q --iidfile iid --build-arg VERSION=3 . >/dev/null
docker tag "$(cat iid)" app:three
docker run --rm app:three
docker build -q -t app:three --build-arg VERSION=4 . >/dev/null
docker images -f dangling=true --format '{{.Repository}}:{{.Tag}}'
docker rmi $(docker images -qf dangling=true) | grep -c Deleted
docker images -qf dangling=true | wc -l
docker run --rm app:three
""")

    assert (ran.status, ran.err) == (0, "")
    assert ran.out.split("\n") == ["app 2", "app 3", "<none>:<none>", "<none>:<none>", "2", "0", "app 4", ""]


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("docker run -d app", 125, "--detach is not supported: there is no daemon"),
        ("docker run --gpus all app", 125, "--device nvidia.com/gpu=all"),
        ("docker run -p 8080:80 busybox", 125, "cannot publish port 80 as 8080"),
        ("docker exec web sh", 1, "exec is not supported"),
        ("docker login", 1, "cannot perform an interactive login from a non TTY device"),
        ("docker login -u me", 1, "cannot perform an interactive login from a non TTY device"),
        ("docker -H tcp://x:2375 ps", 2, "--host tcp://x:2375 is not supported"),
        ("docker inspect -f '{{.State.Status}}' busybox", 2, "there is no field .State"),
        ("docker compose up", 1, "compose is not supported"),
        ("docker volume prune -f", 1, "volume is not supported"),
    ],
)
def test_what_there_is_not_says_so_and_what_to_do(script: Script, line: str, status: int, words: str) -> None:
    ran = script(line)

    assert (ran.status, ran.out) == (status, "")
    assert words in ran.err
    assert "hint: " in ran.err
