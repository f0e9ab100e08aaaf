"""What a build writes: only below the place that was named for it, whatever lies there and whatever the image has."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from fakes.blobs import make_tar
from integration.escapes.conftest import Attack

pytestmark = pytest.mark.root

TREE = "FROM scratch\nCOPY t /\n"
FILES: dict[str, str | bytes] = {"t/sub/f": "F", "t/secret": "S", "t/dir/f": "F", "t/empty": "E"}


def export(attack: Attack, dockerfile: str, *, fails: bool | None = None) -> None:
    attack.mill.write({**FILES, "Dockerfile": attack.meant(dockerfile)})
    attack("build", "-o", "type=local,dest=out", ".", fails=fails)


@pytest.mark.parametrize("name", ["sub", "dir", "secret", "sub/f", "out"])
@pytest.mark.parametrize("target", ["{prey}", "{prey}/secret", "{prey}/new", "{up}"])
def test_links_that_lie_in_the_directory_are_not_written_through(attack: Attack, name: str, target: str) -> None:
    """CVE-2018-15664, CVE-2019-10152, CVE-2019-18466 (docker cp, podman cp): copying out of an image onto a link on this machine.

    An earlier build may have put it there. Only the directory that is named itself may be a link.
    """
    out = attack.mill.folder / "out"
    if name == "out":
        out.symlink_to(attack.prey.place.parent / "linked")
        (attack.prey.place.parent / "linked").mkdir()
    else:
        (out / name).parent.mkdir(parents=True)
        (out / name).symlink_to(attack.meant(target))

    export(attack, TREE, fails=False)

    assert (out / "sub/f").read_text() == "F"
    assert not (out / "sub").is_symlink()


def test_an_image_cannot_write_through_its_own_links(attack: Attack) -> None:
    """CVE-2019-10152 and alike: a first build leaves a link where a second one has a directory, or one layer does to the next."""
    export(
        attack,
        "FROM busybox\nRUN rm -rf /root && ln -s {prey} /sub && ln -s {prey}/secret /secret && ln -s {up} /dir\n",
        fails=False,
    )
    export(attack, TREE, fails=False)
    export(
        attack, "FROM busybox\nRUN ln -s {prey} /sub\nRUN rm /sub && mkdir /sub && echo x > /sub/secret\n", fails=False
    )

    assert (attack.mill.folder / "out/sub/secret").read_text() == "x\n"


def test_modes_and_owners_do_not_reach_through_links(attack: Attack) -> None:
    """CVE-2021-32760 (containerd), CVE-2021-41103: set-user-id files and modes outside of what is unpacked."""
    export(
        attack,
        "FROM busybox\nRUN ln -s {prey}/secret /l && chown -h 1234:1234 /l && ln -s {prey}/dir /d && touch -h /l /d\n",
        fails=False,
    )

    assert (attack.mill.folder / "out/l").is_symlink()


def test_a_tar_is_written_to_the_file_and_not_through_a_link_of_an_image(attack: Attack) -> None:
    for kind in "tar", "oci", "docker":
        attack.mill.write({**FILES, "Dockerfile": TREE})
        attack("build", "-o", f"type={kind},dest=x.tar", ".", fails=False)
        with tarfile.open(attack.mill.folder / "x.tar") as archive:
            names = archive.getnames()
        assert not any(name.startswith("/") or ".." in name.split("/") for name in names)


def test_a_layout_that_has_links_is_not_written_through(attack: Attack) -> None:
    """A directory for `type=oci,tar=false` that somebody prepared. Its `blobs` may be a link, by which layouts share them:
    nothing is written there but blobs, under their digests.
    """
    layout = attack.mill.folder / "layout"
    for name, target in {"index.json": "{prey}/secret", "oci-layout": "{prey}/empty"}.items():
        layout.mkdir(exist_ok=True)
        (layout / name).symlink_to(attack.meant(target))
        attack.mill.write({**FILES, "Dockerfile": TREE})
        attack("build", "-o", "type=oci,tar=false,dest=layout", ".")
        (layout / name).unlink()


def test_names_of_stages_are_no_paths(attack: Attack) -> None:
    """`{target}` of an output is replaced by the name of a stage."""
    attack.mill.write(
        {"Dockerfile": "FROM scratch AS a\nCOPY Dockerfile /\nFROM scratch AS ../../b\nCOPY Dockerfile /\n"}
    )

    attack("build", "--target", "../../b", "-o", "type=tar,dest=x-{target}.tar", ".", fails=True)
    assert not list(attack.mill.folder.parent.glob("b*"))


def test_logs_and_caches_have_no_names_of_an_image_s_choice(attack: Attack, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    attack.mill.write({"t.tar": make_tar({"../../../x": b"1"})})

    attack.build(
        'FROM busybox AS x\nENV STAGE=../../..\nRUN ["sh", "-c", "echo x", "../../../log"]\nADD t.tar /\n',
        "-t",
        "a/../b",
    )
    attack.build("FROM busybox\nRUN true\n", "-t", "../../x", fails=True)
    attack.build("FROM busybox\nRUN true\n", "--target", "../../x", fails=True)

    assert {path.name for path in tmp_path.iterdir()} == before
