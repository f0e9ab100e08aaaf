"""The cases that are kept beside the checkout: what went wrong for users of some builder, built with ours.

Their own script builds and judges them. STAGEMILL_CASES names another folder than ../shared/cases.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.mill import Mill
from fakes.user import make_user

CASES = Path(os.environ.get("STAGEMILL_CASES") or Path(__file__).parents[3] / "shared" / "cases")
NAMES = sorted(path.parent.name for path in CASES.glob("*/expect.json"))
LONGEST = 900  # seconds
_BUILD = "build --progress=plain -f {dockerfile} -t {tag} {flags} {no_cache} -o type=oci,dest={out} {context}"
# What matters of Debian: its programs are in /usr/bin, and /bin is a link.
_DEBIAN = """\
FROM busybox AS parts
RUN mkdir -p /root-fs/usr && cp -a /bin /root-fs/usr/bin && ln -s usr/bin /root-fs/bin && cp -a /etc /tmp /root-fs/
FROM scratch
COPY --from=parts /root-fs /
CMD ["sh"]
"""

pytestmark = pytest.mark.root


@dataclass(frozen=True)
class Bench:
    """Who builds the cases, on a store with the two bases; `cases` is the folder of them, `temporary` where they work."""

    mill: Mill
    cases: Path
    temporary: Path

    def problems(self, name: str) -> list[list[str]]:
        """What the script that belongs to the cases has against each of them that the name matches."""
        results = self.temporary / f"{name}.json"
        python = self.mill.command[0]
        builder = f"{shlex.join(self.mill.command)} {_BUILD}"
        script = [python, str(self.cases / "run-cases"), "--builder", builder, "--json", str(results)]
        done = subprocess.run(
            [*self.mill.prefix, *script, "-k", f"^{re.escape(name)} "],
            env=self.mill.environment | {"TMPDIR": str(self.temporary)},
            cwd=self.temporary,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode in {0, 1}, done.stderr
        return [case["problems"] for case in json.loads(results.read_text())]


@pytest.fixture(scope="session")
def roots(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    home = tmp_path_factory.mktemp("cases")
    mill = Mill(home / "store", home / "context")
    mill.folder.mkdir()
    subprocess.run(["cp", "-a", str(base.root), str(mill.root)], check=True)
    mill.build(_DEBIAN, "-t", "debian:bookworm-slim")
    return Bench(mill, CASES, home)


@pytest.fixture(scope="session")
def users(base: Mill) -> Iterator[Bench]:
    """The cases lie where an ordinary user may read them."""
    with make_user() as user:
        mill = user.mill("cases")
        temporary, cases = user.home / "temporary", user.home / "texts"
        temporary.mkdir()
        shutil.copytree(CASES, cases, symlinks=True)
        subprocess.run(["chmod", "-R", "u+w", str(cases)], check=True)  # root needs no leave to write
        mill.ok("load", stdin=(base.root.parent / "busybox.tar").read_bytes())
        mill.write({"Dockerfile": _DEBIAN})
        user.give(user.home)
        mill.ok("build", "-t", "debian:bookworm-slim", ".")
        yield Bench(mill, cases, temporary)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_has_its_right_result(name: str, roots: Bench) -> None:
    assert roots.problems(name) == [[]]


@pytest.mark.parametrize("name", NAMES)
def test_a_case_of_an_ordinary_user_has_the_same_result(name: str, users: Bench) -> None:
    assert users.problems(name) == [[]]
