"""Bases that come from a registry or a layout: fetched when somebody reads them, mirrors asked first."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path
from threading import Event

import pytest

from fakes.distribution import running
from fakes.disturbed import Disturbed
from fakes.mill import Mill
from fakes.registry import Reply, stall

pytestmark = pytest.mark.root

MIRROR = '[registry."docker.io"]\nmirrors = ["{host}"]\nfallback = false\n'


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "registry", auth=False, tls=False) as address:
        yield address


@pytest.fixture
def bare(new_mill: Callable[[str], Mill], host: str, skopeo: str, tmp_path: Path) -> Mill:
    """A store that has no image; docker.io's mirror has library/busybox, and library/app with a deletion on top."""
    maker = new_mill("maker")
    maker.build(
        "FROM busybox\nRUN mkdir /d && echo 1 > /d/one && echo 2 > /two\nRUN rm /two && echo 3 > /d/three\n",
        "-t",
        "app",
    )
    for name in ("busybox", "app"):
        archive = tmp_path / f"{name}.tar"
        maker.ok("save", "--format=oci", "-o", str(archive), name)
        target = f"docker://{host}/library/{name}:latest"
        subprocess.run(
            [skopeo, "copy", "--quiet", "--dest-tls-verify=false", f"oci-archive:{archive}", target], check=True
        )
    home = tmp_path / "bare"
    home.mkdir()
    (home / "config.toml").write_text(MIRROR.format(host=host))
    mill = Mill(home / "store", home / "context")
    mill.folder.mkdir()
    return mill


def push_large(maker: Mill, host: str, *, skopeo: str, archive: Path) -> None:
    """The mirror has library/large afterwards: files that take a while to be read past, and a small one behind them."""
    text = "RUN for name in afirst middle; do head -c 30000000 /dev/urandom > /$name; done; echo last > /zlast"
    maker.build(f"FROM busybox\n{text}; sha256sum /afirst /middle /zlast > /sums\n", "-t", "large")
    maker.ok("save", "--format=oci", "-o", str(archive), "large")
    target = f"docker://{host}/library/large:latest"
    subprocess.run([skopeo, "copy", "--quiet", "--dest-tls-verify=false", f"oci-archive:{archive}", target], check=True)


def test_a_base_is_pulled_through_the_mirror_and_its_deletions_hold(bare: Mill) -> None:
    bare.build("FROM app\nRUN cat /d/one /d/three > /seen; ls / > /names\n", "-t", "x")

    assert bare.cat("x", "/seen") == "1\n3\n"
    assert "two" not in bare.cat("x", "/names").split()


def test_layers_are_not_fetched_before_somebody_reads_them(bare: Mill) -> None:
    bare.build("FROM app\nLABEL a=b\n", "-t", "x")

    assert list((bare.root / "layers").iterdir()) == []
    assert bare.inspect("x")["Config"]["Labels"] == {"a": "b"}

    bare.ok("save", "-o", "x.tar", "x")

    assert (bare.folder / "x.tar").stat().st_size > 500_000


def test_a_base_that_was_fetched_needs_no_registry_layer_again(bare: Mill) -> None:
    bare.build("FROM busybox\nRUN echo 1 > /one\n", "-t", "x")

    again = bare.build("FROM busybox\nRUN echo 1 > /one\nRUN echo 2 > /two\n", "-t", "y")

    assert again.executed == ["RUN echo 2 > /two"]
    assert bare.cat("y", "/one", "/two") == "1\n2\n"


def test_pull_keeps_all_of_an_image(bare: Mill) -> None:
    bare.ok("pull", "app")
    (bare.folder.parent / "config.toml").write_text(MIRROR.format(host="127.0.0.1:1"))

    assert bare.cat("app", "/d/three") == "3\n"


def test_a_name_that_no_registry_has_is_an_error_at_its_place(bare: Mill) -> None:
    bare.write({"Dockerfile": "FROM nosuch:1\n"})

    message = bare.fail("build", "--progress=quiet", ".")

    assert "there is no image nosuch:1" in message
    assert "Dockerfile:1" in message


def test_a_base_comes_from_a_layout_in_a_directory(new_mill: Callable[[str], Mill], tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    maker = new_mill("maker")
    maker.build("FROM busybox\nRUN echo 1 > /one\n", "-o", f"type=oci,tar=false,name=app:1,dest={layout}")
    user = new_mill("user")

    user.build(f"FROM oci-layout://{layout}:1\nRUN cat /one > /two\n", "-t", "x")

    assert user.cat("x", "/two") == "1\n"
    user.write({"Dockerfile": f"FROM oci-layout://{layout}:2\n"})
    assert "has no image with the tag 2" in user.fail("build", "--progress=quiet", ".")


def test_the_registry_is_asked_what_a_name_means_only_where_that_is_wanted(bare: Mill, host: str, skopeo: str) -> None:
    bare.ok("pull", "app")
    bare.build("FROM app\nRUN cat /d/one > /seen\n", "-t", "x")
    moved = [f"docker://{host}/library/{name}:latest" for name in ("busybox", "app")]
    subprocess.run([skopeo, "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", *moved], check=True)

    assert bare.build("FROM app\nRUN cat /d/one > /seen\n", "-t", "x").executed == []
    bare.write({"Dockerfile": "FROM app\nRUN cat /d/one > /seen\n"})
    assert "/d/one" in bare.fail("build", "--pull", "-t", "x", ".")


def stuck_in_the_middle(right: Reply) -> Reply:
    """A large layer stops to come when its second file has begun; what is smaller comes whole."""
    return stall(45_000_000, until=Event())(right) if len(right.body) > 45_000_000 else right


LAST = "FROM scratch\nCOPY --from=large /middle /zlast /\n"
WHOLE = "FROM large\nRUN sha256sum /afirst /middle /zlast > /seen\n"


def test_a_build_that_is_killed_while_it_looks_at_a_base_leaves_nothing_that_the_next_one_stumbles_on(
    new_mill: Callable[[str], Mill], bare: Mill, host: str, skopeo: str, tmp_path: Path
) -> None:
    push_large(new_mill("large"), host, skopeo=skopeo, archive=tmp_path / "large.tar")
    bare.write({"Dockerfile": LAST})
    config = bare.folder.parent / "config.toml"
    with Disturbed(host) as between:
        config.write_text(MIRROR.format(host=between.host))
        between.fail("GET", "/blobs/", *[stuck_in_the_middle] * 30)
        for _ in range(3):
            with bare.start("build", "-q", ".", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                while not glob(f"{bare.root}/tmp/*/*/0"):  # the first of the files that are taken out of the blob
                    assert process.poll() is None, "the build was over before it was killed"
                    time.sleep(0.001)
                process.kill()
    assert list((bare.root / "layers").iterdir()) == []
    config.write_text(MIRROR.format(host=host))

    bare.build(WHOLE, "-t", "whole")

    assert bare.cat("whole", "/seen") == bare.cat("large", "/sums")
    bare.build(LAST, "-o", "type=local,dest=out")
    assert (bare.folder / "out/zlast").read_text() == "last\n"
    assert os.listdir(bare.root / "tmp") == []
    assert bare.ok("store", "check").out.endswith("images: all whole\n")
