"""What all rows share: a builder with one store, which holds a busybox base that the builder made itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from conformance.builder import Builder, Other, Stagemill
from conformance.rows import Build
from fakes.busybox import BUSYBOX, make_tree

_BASE = """\
FROM scratch
COPY tree /
CMD ["sh"]
"""


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Stagemill, or the builder whose command is in CONFORMANCE_BUILDER, such as

    buildah bud --layers -f {dockerfile} -t {tag} {flags} {context} && buildah push {tag} oci-archive:{out}
    """
    if os.geteuid() != 0:
        pytest.skip("builds as root; test_rootless.py has those of ordinary users")
    if BUSYBOX is None:
        pytest.skip("needs a static busybox")
    home = tmp_path_factory.mktemp("conformance")
    template = os.environ.get("CONFORMANCE_BUILDER")
    if template:
        other = Other(template)
        _make_base(other, home)
        return other
    _make_base(Stagemill(home / "fresh"), home)
    subprocess.run(["cp", "-a", str(home / "fresh"), str(home / "store")], check=True)
    return Stagemill(home / "store", home / "fresh")


def _make_base(builder: Builder, home: Path) -> None:
    context = home / "context"
    context.mkdir()
    make_tree(context / "tree")
    (context / "Dockerfile").write_text(_BASE)
    made = builder.build(Build(flags=["-t", "busybox"]), home, number=0)
    assert made.status == 0, made.err
