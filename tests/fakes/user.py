"""`User`: somebody who is not root, with subordinate ids, as whom stagemill runs. Not a fake: the machine has this user."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.mill import SOURCE, Mill

_PATIENCE = 60.0  # seconds
_LIBRARIES = ("anyio", "click", "isal", "urllib3", "watchfiles", "yaml", "zstandard")
_UNFINISHED = shutil.ignore_patterns("*.pyc.*")  # what others compile meanwhile has such a name until it is whole
_TOOLS = ("useradd", "userdel", "usermod", "setpriv", "newuidmap")


@dataclass(frozen=True)
class User:
    """An ordinary user with subordinate ids, and a program, and a Python, that this user may read."""

    name: str
    uid: int
    home: Path
    program: Path
    python: str

    def mill(self, name: str) -> Mill:
        """The command line as this user, on a store of its own."""
        place = self.home / name
        (place / "context").mkdir(parents=True)
        self.give(place)
        who = ("setpriv", f"--reuid={self.name}", f"--regid={self.uid}", "--init-groups")
        settings = {"PYTHONPATH": str(self.program), "PYTHONDONTWRITEBYTECODE": "1"}
        return Mill(place / "store", place / "context", (*who, "--"), settings, (self.python, "-m", "stagemill"))

    def give(self, place: Path) -> None:
        subprocess.run(["chown", "-R", f"{self.uid}:{self.uid}", str(place)], check=True)


@contextmanager
def make_user() -> Iterator[User]:
    """One for as long as this lasts, with a home that is gone afterwards. Skips the test where none can be made."""
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    name = f"smtest{secrets.token_hex(6)}"
    home = Path(tempfile.mkdtemp(prefix="stagemill-user-"))
    with _one_at_a_time():
        subprocess.run(["useradd", "--no-create-home", "--home-dir", str(home), name], check=True)
    try:
        with _one_at_a_time():
            _give_subordinate_ids(name)
        made = User(name, pwd.getpwnam(name).pw_uid, home, _copy_program(home / "program"), _a_python(name))
        made.give(home)
        home.chmod(0o755)
        yield made
    finally:
        _wait_until_idle(pwd.getpwnam(name).pw_uid)
        with _one_at_a_time():
            subprocess.run(["userdel", name], check=True, capture_output=True)
        shutil.rmtree(home)


def _wait_until_idle(uid: int) -> None:
    """Until there is no process of a user: one that was killed is there for another moment, and userdel refuses as long."""
    end = time.monotonic() + _PATIENCE
    while any(_owner(pid) == uid for pid in os.listdir("/proc") if pid.isdigit()) and time.monotonic() < end:
        time.sleep(0.01)


def _owner(pid: str) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Who changes the files of users, of all tests on this machine: the programs wait only for a moment for each other."""
    with Path(tempfile.gettempdir(), "stagemill-users.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _give_subordinate_ids(name: str) -> None:
    """useradd gives them where /etc/login.defs says so; else a range far from those."""
    owners = {line.partition(":")[0] for line in Path("/etc/subuid").read_text(encoding="utf-8").splitlines()}
    if name not in owners:
        subprocess.run(["usermod", "-v", "2000000-2065535", "-w", "2000000-2065535", name], check=True)


def _copy_program(place: Path) -> Path:
    """Our package and its libraries where everybody may read them: the work tree may lie in root's home."""
    shutil.copytree(SOURCE, place, ignore=_UNFINISHED)
    for name in _LIBRARIES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, place / name, ignore=_UNFINISHED)
    return place


def _a_python(name: str) -> str:
    """One of this version, for which the libraries were made, that everybody may start: ours may lie in root's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = [os.path.realpath(sys.executable), *(f"{folder}/{version}" for folder in ("/usr/bin", "/usr/local/bin"))]
    for place in filter(os.path.exists, places):
        # By way of a shell: setpriv itself may still start what the user may not.
        who = ("setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", "sh", "-c", 'exec "$0" -c ""', place)
        if subprocess.run(who, check=False, capture_output=True, cwd="/").returncode == 0:
            return place
    pytest.skip(f"an ordinary user can start none of {', '.join(places)}")
