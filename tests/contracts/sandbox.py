"""What every `Sandbox` keeps. A test module derives `SandboxContract` and gives the fixture `lab`.

A `Lab` knows how to have a `Deed` done in its sandbox: as a line of shell in a real one, as an act in a fake.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Barrier, Event, Timer
from typing import Literal, Protocol

import pytest

from stagemill.errors import CancelledError, SandboxError
from stagemill.sandbox.process import ROOT, Process, Rootfs
from stagemill.sandbox.protocol import Sandbox

PROCESS = Process(
    args=(),
    env=(("PATH", "/bin"),),
    cwd="/",
    credentials=ROOT,
    hostname="contract",
    network="none",
    hosts="127.0.0.1\tlocalhost\n",
    resolv_conf="",
)


@dataclass(frozen=True)
class Deed:
    """What a process does: writes to its streams and to files, then ends with `code`, or by `signal`, or not at all."""

    stdout: str = ""
    stderr: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    code: int = 0
    signal: int = 0
    endless: bool = False


class Lab(Protocol):
    sandbox: Sandbox
    lower: tuple[Path, ...]

    def arguments(self, deed: Deed) -> tuple[str, ...]:
        """Those of a process that does a deed."""
        ...


class Heard:
    """Collects output."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, bytes]] = []

    def __call__(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self.pieces.append((stream, data))

    def text(self, stream: str) -> str:
        return b"".join(data for name, data in self.pieces if name == stream).decode()


def upper_of(directory: Path, name: str = "one") -> tuple[Path, Path]:
    """A fresh upper directory with its work directory."""
    upper, work = directory / name / "upper", directory / name / "work"
    upper.mkdir(parents=True)
    work.mkdir()
    return upper, work


def run(
    lab: Lab, deed: Deed, *, heard: Heard | None = None, upper: Path | None = None, work: Path | None = None,
    cancelled: Event | None = None,
) -> int:  # fmt: skip
    return lab.sandbox.run(
        Rootfs(lab.lower, upper, work),
        replace(PROCESS, args=lab.arguments(deed)),
        output=heard or Heard(),
        cancelled=cancelled or Event(),
    )


class SandboxContract:
    @pytest.mark.parametrize("code", [0, 1, 3, 255])
    def test_the_status_is_that_of_the_process(self, lab: Lab, code: int) -> None:
        assert run(lab, Deed(code=code)) == code

    def test_a_signal_counts_from_128_on(self, lab: Lab) -> None:
        assert run(lab, Deed(signal=9)) == 137

    def test_output_arrives_by_stream(self, lab: Lab) -> None:
        heard = Heard()

        run(lab, Deed(stdout="to one\n", stderr="to the other\n"), heard=heard)

        assert (heard.text("stdout"), heard.text("stderr")) == ("to one\n", "to the other\n")

    def test_all_output_has_arrived_when_the_process_failed(self, lab: Lab) -> None:
        heard = Heard()

        code = run(lab, Deed(stdout="last words", code=7), heard=heard)

        assert (code, heard.text("stdout")) == (7, "last words")

    def test_what_is_written_lands_in_the_upper_directory(self, lab: Lab, tmp_path: Path) -> None:
        upper, work = upper_of(tmp_path)

        run(lab, Deed(files={"new": "here"}), upper=upper, work=work)

        assert (upper / "new").read_text() == "here"

    def test_layers_stay_as_they_are(self, lab: Lab, tmp_path: Path) -> None:
        upper, work = upper_of(tmp_path)
        before = sorted(lab.lower[0].rglob("*"))

        run(lab, Deed(files={"new": "here"}), upper=upper, work=work)

        assert sorted(lab.lower[0].rglob("*")) == before

    def test_without_an_upper_directory_nothing_stays(self, lab: Lab, tmp_path: Path) -> None:
        before = sorted(lab.lower[0].rglob("*"))

        code = run(lab, Deed(files={"new": "here"}))

        assert code == 0
        assert sorted(lab.lower[0].rglob("*")) == before
        assert list(tmp_path.rglob("new")) == []

    def test_what_was_stopped_before_does_not_begin(self, lab: Lab, tmp_path: Path) -> None:
        upper, work = upper_of(tmp_path)
        cancelled = Event()
        cancelled.set()

        with pytest.raises(CancelledError):
            run(lab, Deed(files={"new": "here"}), upper=upper, work=work, cancelled=cancelled)

        assert list(upper.iterdir()) == []

    def test_a_process_is_stopped_while_it_runs(self, lab: Lab) -> None:
        cancelled = Event()
        timer = Timer(0.1, cancelled.set)

        class Stopping(Heard):
            def __call__(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
                super().__call__(stream, data)
                timer.start()

        start = time.monotonic()

        with pytest.raises(CancelledError):
            run(lab, Deed(stdout="running", endless=True), heard=Stopping(), cancelled=cancelled)

        timer.join()
        assert time.monotonic() - start < 60

    def test_processes_run_at_the_same_time(self, lab: Lab, tmp_path: Path) -> None:
        """Each hears the other: neither could end if they ran one after the other."""
        barrier = Barrier(2, timeout=60)

        class Meeting(Heard):
            def __call__(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
                super().__call__(stream, data)
                barrier.wait()

        def one(name: str) -> int:
            upper, work = upper_of(tmp_path, name)
            return run(lab, Deed(stdout=name, files={"name": name}), heard=Meeting(), upper=upper, work=work)

        with ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(one, ("a", "b")))

        assert codes == [0, 0]
        assert [(tmp_path / name / "upper/name").read_text() for name in ("a", "b")] == ["a", "b"]

    def test_no_program_is_an_error_with_a_hint(self, lab: Lab) -> None:
        with pytest.raises(SandboxError) as caught:
            lab.sandbox.run(Rootfs(lab.lower, None, None), PROCESS, output=Heard(), cancelled=Event())

        assert caught.value.message == "there is no program to run"
        assert caught.value.hint == "give a command, or set CMD or ENTRYPOINT in the image"

    @pytest.mark.parametrize("code", [0, 42])
    def test_an_attached_process_has_a_status_too(self, lab: Lab, code: int) -> None:
        process = replace(PROCESS, args=lab.arguments(Deed(code=code)))

        assert lab.sandbox.attach(Rootfs(lab.lower, None, None), process, tty=False) == code

    def test_what_an_attached_process_writes_lands_in_the_upper_directory(self, lab: Lab, tmp_path: Path) -> None:
        upper, work = upper_of(tmp_path)
        process = replace(PROCESS, args=lab.arguments(Deed(files={"new": "here"})))

        lab.sandbox.attach(Rootfs(lab.lower, upper, work), process, tty=False)

        assert (upper / "new").read_text() == "here"
