"""What a runtime has lost."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fakes.splitting import facts_of
from fakes.tree import MemoryTree, Node, file
from stagemill.errors import StagemillError
from stagemill.oci.config import RunConfig
from stagemill.split import lost
from stagemill.split.closure import Closure, Missing
from stagemill.split.draft import Draft, Kept

BASE = "FROM debian\nRUN make\nWORKDIR /app\n"
PROGRAMS = ("jq", "curl", "git", "tini", "node", "sort")
OLD: Mapping[str, Node | str] = {
    **{f"usr/bin/{name}": file("", mode=0o755) for name in PROGRAMS},
    **{f"var/lib/dpkg/info/{name}.list": f"/usr/bin/{name}\n" for name in PROGRAMS},
    "app/a.js": "execFile('git')",
    "app/run.sh": file("#!/bin/sh\nsort x\n", mode=0o755),
}
NEW = {path: node for path, node in OLD.items() if path.startswith("app/")}
CONFIG = RunConfig(env=(("PATH", "/usr/bin"),), working_dir="/app")


def packages(end: str, *kept: str) -> list[str]:
    draft = Draft("node", "", "", "", kept=tuple(Kept(path, directory=False) for path in kept))
    found = lost.lost(facts_of(BASE + end), draft, Closure(MemoryTree(OLD), MemoryTree(NEW)), CONFIG)
    return [item.package for item in found]


def test_all_that_a_shell_runs_is_looked_for() -> None:
    assert packages("CMD node a.js | jq . && echo done\n") == ["node", "jq"]
    assert packages('CMD ["sh", "-c", "exec node a.js | sort"]\n') == ["node", "sort"]


def test_so_are_an_init_and_what_it_starts() -> None:
    assert packages('ENTRYPOINT ["tini", "--"]\nCMD ["node", "a.js"]\n') == ["tini", "node"]


def test_so_are_the_health_check_scripts_and_what_sources_start() -> None:
    end = 'HEALTHCHECK CMD curl -f x || exit 1\nENTRYPOINT ["./run.sh"]\nCMD ["node"]\n'

    assert packages(end, "/app/a.js") == ["node", "curl", "git", "sort"]


def test_a_script_whose_modules_are_not_known_is_not_supplied() -> None:
    old = MemoryTree({"usr/local/bin/pm": "#!/usr/bin/python3\n", "usr/local/bin/run": "#!/bin/sh\n"})

    lost.check_supply([Missing("usr/local/bin/run", "x"), Missing("usr/local/bin/pm", "x", "pm")], old)
    with pytest.raises(StagemillError, match="the runtime lacks /usr/local/bin/pm, which /app/a needs"):
        lost.check_supply([Missing("usr/local/bin/pm", "app/a")], old)
