"""Building in containers: what docs/ci.md says that one needs, and what is said where it lacks something."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.busybox import BUSYBOX
from fakes.mill import Ran
from fakes.pod import FORBIDDEN, USUAL, Limits, Pod
from fakes.user import User, make_user

pytestmark = pytest.mark.root

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
DOCKERFILE = "FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/echo\nRUN echo built\n"
ADMIN = (*USUAL, "SYS_ADMIN")
Build = Callable[..., Ran]


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    with make_user() as made:
        yield made


@pytest.fixture
def build(user: User, tmp_path: Path) -> Build:
    """Builds a Dockerfile with a RUN in a container that has these limits; the container's user has subordinate ids."""
    assert BUSYBOX is not None
    shared = user.home / tmp_path.name
    shared.mkdir()
    shutil.copy(BUSYBOX, shared / "busybox")
    (shared / "Dockerfile").write_text(DOCKERFILE)
    (shared / "plain.Dockerfile").write_text(DOCKERFILE.partition("RUN")[0])
    pod = Pod(shared, user.home / f"{tmp_path.name}-pod")  # all may enter it, as they may not pytest's own directories

    def call(limits: Limits, *arguments: str, store: str = "", **etc: str) -> Ran:
        environment = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(shared), "PYTHONPATH": str(user.program),
            "PYTHONDONTWRITEBYTECODE": "1", "STAGEMILL_ROOT": store or str(shared / "store"),
        }  # fmt: skip
        command = (user.python, "-m", "stagemill", "build", "--progress=quiet", *arguments, ".")
        return pod.run(command, environment, limits, etc=etc)

    return call


@pytest.fixture
def ordinary(user: User) -> Limits:
    """A container with the switches of the page: no seccomp, nothing of /proc hidden, the usual capabilities."""
    return Limits(user.uid)


def test_an_ordinary_user_builds_with_two_capabilities(build: Build, ordinary: Limits) -> None:
    for capabilities in (USUAL, ("SETUID", "SETGID")):
        done = build(replace(ordinary, capabilities=capabilities))

        assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize("masked", [False, True])
def test_root_of_a_user_namespace_builds_with_one(build: Build, *, masked: bool) -> None:
    done = build(Limits(0, ADMIN, own_users=True, masked=masked))

    assert (done.status, done.err) == (0, "")


def test_what_runs_nothing_is_built_where_proc_is_hidden(build: Build, ordinary: Limits) -> None:
    done = build(replace(ordinary, masked=True), "-f", "plain.Dockerfile")

    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize(
    ("limits", "message", "hint"),
    [
        ({"masked": True}, "cannot mount /proc for the sandbox: operation not permitted", "hides parts of /proc"),
        (
            {"no_new_privileges": True},
            "newuidmap: write to uid_map failed: Operation not permitted",
            "in a pod, write allowPrivilegeEscalation: true",
        ),
        (
            {"capabilities": ()},
            "[Errno 1] Operation not permitted: '/usr/bin/newuidmap'",
            "give this container the capabilities SETUID and SETGID",
        ),
        (
            {"forbidden": FORBIDDEN},
            "the kernel refuses a user namespace (operation not permitted)",
            "switch its seccomp off",
        ),
        ({"uid": 0}, "this root may not mount anything: it lacks the capability CAP_SYS_ADMIN", "an ordinary user"),
        (
            {"uid": 0, "capabilities": ADMIN, "forbidden": ("pivot_root",)},
            "cannot make the sandbox: operation not permitted",
            "the kernel refused",
        ),
    ],
)
def test_what_a_container_lacks_is_told_as_the_page_says(
    build: Build, ordinary: Limits, limits: dict[str, object], message: str, hint: str
) -> None:
    done = build(replace(ordinary, **limits))  # type: ignore[arg-type]  # they are of its fields

    assert done.status == 1
    assert message in done.err
    assert hint in done.err
    assert message in PAGE.read_text()


def test_ids_and_bits_that_an_image_lacks_are_told(build: Build, ordinary: Limits) -> None:
    without = build(ordinary, subuid="", subgid="")
    by_bit = build(replace(ordinary, set_user_id=True))

    assert "has no subordinate ids in /etc/subuid and /etc/subgid" in without.err
    assert "hint: in the image of this container: chmod u-s /usr/bin/newuidmap && setcap" in by_bit.err


def test_a_store_on_the_containers_own_file_system_is_told(build: Build, ordinary: Limits) -> None:
    done = build(ordinary, store="/var/tmp/store")

    assert "not supported as upperdir): invalid argument" in done.err
    assert "hint: the store must lie on a file system that overlay can write to" in done.err
