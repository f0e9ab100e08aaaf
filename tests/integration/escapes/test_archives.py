"""Archives that were made to leave the directory they are unpacked into: of ADD, as contexts, as images, in layers."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import zstandard

from fakes.blobs import make_image
from fakes.registry import FakeRegistry
from fakes.web import FakeWeb, Page
from integration.escapes.conftest import Attack
from stagemill.digest import Digest
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image

pytestmark = pytest.mark.root


@dataclass(frozen=True)
class Member:
    """An entry of an archive. `{prey}` and `{up}` in its names are the ways to the prey; `data` is set for files only."""

    name: str
    data: str | None = None
    link: str = ""
    hard: bool = False
    type: bytes = b""
    mode: int = 0o777
    attributes: Mapping[str, str] = field(default_factory=dict)


def tar(members: list[Member], meant: Callable[[str], str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            info = tarfile.TarInfo(meant(member.name))
            info.mode, info.mtime, info.uid, info.gid = member.mode, 1_000_000_000, 1234, 1234
            info.pax_headers = dict(member.attributes)
            if member.link:
                info.type, info.linkname = (tarfile.LNKTYPE if member.hard else tarfile.SYMTYPE), meant(member.link)
            elif member.type:
                info.type = member.type
            data = (member.data or "").encode()
            info.size = len(data) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


FILE, DIR = "E", tarfile.DIRTYPE
XATTR = {"SCHILY.xattr.user.evil": "1"}

GOOD = "nothing"
EVIL: Mapping[str, list[Member]] = {
    GOOD: [Member("a", FILE), Member("l", link="a"), Member("h", link="a", hard=True), Member("d", type=DIR)],
    "a name that climbs": [Member("{up}/new", FILE)],
    "a name that climbs from below": [Member("a/{up}/new", FILE), Member("a/../../../new", FILE)],
    "a name that is absolute": [Member("{prey}/new", FILE), Member("{prey}/secret", FILE)],
    "a file below a link": [Member("l", link="{prey}"), Member("l/new", FILE)],
    "a file below a link that climbs": [Member("l", link="{up}"), Member("l/secret", FILE)],
    "a file below two links": [Member("a", type=DIR), Member("a/l", link="{prey}"), Member("b", link="a/l"), Member("b/new", FILE)],
    "a directory below a link": [Member("l", link="{prey}"), Member("l/dir", type=DIR, mode=0o700)],
    "a directory in the place of a link": [Member("l", link="{prey}"), Member("l", type=DIR, mode=0o700), Member("l/new", FILE)],
    "a link that is described as a directory": [Member("l", link="{prey}/dir"), Member("l/", type=DIR, mode=0o700)],
    "a file in the place of a link": [Member("l", link="{prey}/secret"), Member("l", FILE)],
    "a link below a link": [Member("l", link="{prey}"), Member("l/new", link="x")],
    "a device below a link": [Member("l", link="{prey}"), Member("l/new", type=tarfile.CHRTYPE)],
    "a hard link to the prey": [Member("h", link="{prey}/secret", hard=True)],
    "a hard link that climbs": [Member("h", link="{up}/secret", hard=True)],
    "a hard link through a link": [Member("l", link="{prey}"), Member("h", link="l/secret", hard=True)],
    "a hard link to a link": [Member("l", link="{prey}/secret"), Member("h", link="l", hard=True), Member("h", FILE)],
    "a hard link to a link, with a mode": [Member("l", link="{prey}/secret"), Member("h", link="l", hard=True, mode=0o4777)],
    "a file that was a hard link to the prey": [Member("h", link="{up}/empty", hard=True), Member("h", FILE)],
    "a hard link below a link": [Member("f", FILE), Member("l", link="{prey}"), Member("l/new", link="f", hard=True)],
    "a link with a mode and an owner": [Member("l", link="{prey}/secret", mode=0o4777)],
    "a link with attributes": [Member("l", link="{prey}/secret", attributes=XATTR)],
    "a directory's attributes through a link": [Member("l", link="{prey}/dir"), Member("l", type=DIR, attributes=XATTR)],
    "a whiteout that climbs": [Member("a/.wh...", ""), Member(".wh...", ""), Member("a/.wh..", ""), Member(".wh.", "")],
    "a whiteout below a link": [Member("l", link="{prey}"), Member("l/.wh.secret", ""), Member("l/.wh..wh..opq", "")],
    "a whiteout with a slash": [Member(".wh.{up}/secret", ""), Member("{up}/.wh.secret", "")],
    "a name with a NUL": [Member("n", FILE, attributes={"path": "a\0{up}/new"})],
    "names of the extended header": [Member("n", FILE, attributes={"path": "{up}/new"}), Member("m", link="x", attributes={"linkpath": "{prey}"}), Member("m/new", FILE)],
}  # fmt: skip


def evil(attack: Attack, name: str) -> bytes:
    members = [
        Member(m.name, m.data, m.link, m.hard, m.type, m.mode, {k: attack.meant(v) for k, v in m.attributes.items()})
        for m in EVIL[name]
    ]
    return tar(members, attack.meant)


@pytest.mark.parametrize("name", EVIL)
class TestTraversal:
    """CVE-2014-6407, CVE-2014-9356 (docker), CVE-2020-10696, CVE-2026-44517 (buildah), CVE-2026-28406 (kaniko), and the modes of
    CVE-2021-32760 (containerd): archives with links and names that lead out.
    """

    def test_of_an_add(self, attack: Attack, web: FakeWeb, name: str) -> None:
        data = evil(attack, name)
        web.pages["/t.tar"] = Page(data)

        fails = False if name == GOOD else None
        attack.build("FROM scratch\nADD t.tar /in/\n", files={"t.tar": data}, fails=fails)
        attack.build(f"FROM busybox\nADD --unpack {web.url}/t.tar /\n", fails=fails)

    def test_of_a_context(self, attack: Attack, web: FakeWeb, name: str) -> None:
        head = tar([Member("Dockerfile", "FROM scratch\nCOPY . /x\n")], attack.meant)[:1024]
        data = head + evil(attack, name)
        web.pages["/context"] = Page(gzip.compress(data))

        fails = False if name == GOOD else None
        attack("build", "-o", "type=tar,dest=t", "-", stdin=data, fails=fails)
        attack("build", f"{web.url}/context", fails=fails)

    def test_of_a_layer(self, attack: Attack, name: str) -> None:
        """Of an image that is pulled, whose files are read and run in."""
        with FakeRegistry() as registry:
            image = image_of(registry, evil(attack, name))
            registry.push("evil", "1", image)

            fails = False if name == GOOD else None
            attack.build(f"FROM {registry.host}/evil:1\nCOPY Dockerfile /in/\n", fails=fails)
            attack.build(f"FROM busybox\nCOPY --from={registry.host}/evil:1 / /in/\nRUN ls -R /in > /x\n", fails=fails)


def image_of(registry: FakeRegistry, data: bytes) -> Image:
    """An image that has this tar as its one layer."""
    plain = make_image(registry.blobs, {"a": b""})
    blob = gzip.compress(data, mtime=0)
    layer = Descriptor(plain.manifest.layers[0].media_type, registry.blobs.put(blob), len(blob))
    config = replace(plain.config, diff_ids=(Digest.of(data),))
    image = Image.build(config, (layer,))
    registry.blobs.put(image.config_bytes)
    return image


# --- images in archives ---


def docker_archive(meant: Callable[[str], str], **changed: object) -> dict[str, bytes]:
    """The files of an archive as docker writes one, with an image of one file."""
    layer = tar([Member("a", "A")], meant)
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(layer))]},
    }).encode()  # fmt: skip
    name = hashlib.sha256(config).hexdigest()
    entry = {"Config": f"{name}.json", "RepoTags": ["evil:1"], "Layers": ["l/layer.tar"], **changed}
    return {"manifest.json": json.dumps([entry]).encode(), f"{name}.json": config, "l/layer.tar": layer}


def packed(files: Mapping[str, bytes], links: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_a_good_archive_is_loaded(attack: Attack) -> None:
    """What the next tests spoil."""
    attack("load", stdin=packed(docker_archive(attack.meant), {}), fails=False)


@pytest.mark.parametrize(
    "changed",
    [
        {"Config": "{prey}/secret"}, {"Config": "{up}/secret"}, {"Layers": ["{prey}/secret"]}, {"Layers": ["{up}/secret"]},
        {"Layers": [".."]}, {"Config": "../../../../etc/passwd"}, {"RepoTags": ["{up}/x:1"]}, {"RepoTags": ["../x"]}, {"RepoTags": ["-x"]},
    ],
    ids=str,
)  # fmt: skip
def test_an_archive_names_its_own_files_only(attack: Attack, changed: Mapping[str, object]) -> None:
    """CVE-2014-9358 (docker): ids and paths in an archive that `load` takes for paths of this machine."""
    meant = {key: json.loads(attack.meant(json.dumps(value))) for key, value in changed.items()}

    attack("load", stdin=packed(docker_archive(attack.meant, **meant), {}), fails=True)


@pytest.mark.parametrize("target", ["{prey}/secret", "{up}/secret", "../../../../../../etc/passwd", "l/layer.tar", "."])
@pytest.mark.parametrize("which", ["manifest.json", "config", "l/layer.tar", "l"])
def test_links_of_an_archive_stay_in_it(attack: Attack, which: str, target: str) -> None:
    files = docker_archive(attack.meant)
    name = next(name for name in files if name.endswith(".json") and len(name) > 60) if which == "config" else which
    kept = {path: data for path, data in files.items() if path != name and not path.startswith(f"{name}/")}

    attack("load", stdin=packed(kept, {name: attack.meant(target)}), fails=True)


def test_a_blob_under_another_digest_is_refused(attack: Attack, tmp_path: Path) -> None:
    """CVE-2024-3727 (containers/image) and alike: who knows a digest must not get other bytes into its place."""
    layout, fresh = tmp_path / "layout", replace(attack.mill, root=tmp_path / "fresh")
    attack.mill.write({"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"})
    attack("build", "-t", "good", "-o", f"type=oci,tar=false,dest={layout}", ".")
    blobs = sorted((layout / "blobs/sha256").iterdir())

    for path in blobs:
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        said = fresh("load", "-i", str(layout))
        assert said.status == 1, said.out
        assert "sha256:" in said.err or "is not" in said.err
        path.write_bytes(data)
    assert len(blobs) == 3


@pytest.mark.parametrize("name", ["unxz", "xz", "bzip2", "zstd", "gzip", "unpigz", "tar"])
def test_no_program_of_an_image_unpacks_anything(attack: Attack, name: str) -> None:
    """CVE-2014-9357, CVE-2026-41567 (docker): a decompressor was looked for in the image, and run as root on this machine."""
    data = tar([Member("inner", "I")], attack.meant)
    compress: dict[str, Callable[[bytes], bytes]] = {
        "unxz": lzma.compress,
        "xz": lzma.compress,
        "bzip2": bz2.compress,
        "zstd": zstandard.ZstdCompressor().compress,
    }
    evil_one = f"#!/bin/sh\nrm -r {attack.prey.place}\nexit 1\n"

    found = attack.build(
        f"FROM busybox\nCOPY --chmod=0755 evil /usr/local/bin/{name}\nRUN rm -f /bin/{name} && ln -s /usr/local/bin/{name} /bin/{name}\nADD t /in/\n",
        files={"evil": evil_one, "t": compress.get(name, gzip.compress)(data)},
        fails=False,
    )

    assert found["in/inner"] == "I"


def test_an_archive_of_holes_is_not_believed(attack: Attack) -> None:
    """A member that says it has a terabyte, in a few bytes of archive."""
    info = tarfile.TarInfo("big")
    info.size = 1 << 40
    data = info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)

    attack.build("FROM scratch\nADD t.tar /\n", files={"t.tar": data}, fails=True)
    attack("build", "-", stdin=data, fails=True)
