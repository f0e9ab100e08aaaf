"""The cases that are kept beside the checkout: what went wrong for users of some builder, built with ours.

Their own script builds and judges them. STAGEMILL_CASES names another folder than ../shared/cases.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.mill import COMMAND, Mill

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


@pytest.fixture(scope="session")
def cases_mill(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """A store with the two bases, for all cases."""
    home = tmp_path_factory.mktemp("cases")
    mill = Mill(home / "store", home / "context")
    mill.folder.mkdir()
    subprocess.run(["cp", "-a", str(base.root), str(mill.root)], check=True)
    mill.build(_DEBIAN, "-t", "debian:bookworm-slim")
    return mill


@pytest.mark.parametrize("name", NAMES)
def test_a_case_has_its_right_result(name: str, cases_mill: Mill, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    builder = f"{shlex.join(COMMAND)} {_BUILD}"
    script = [sys.executable, str(CASES / "run-cases"), "--builder", builder, "--json", str(results)]

    done = subprocess.run(
        [*script, "-k", f"^{re.escape(name)} "],
        env=cases_mill.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )

    assert done.returncode in {0, 1}, done.stderr
    assert [case["problems"] for case in json.loads(results.read_text())] == [[]]
