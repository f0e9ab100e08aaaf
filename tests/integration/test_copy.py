"""COPY and ADD on the real kernel: layers that know nothing of each other, what is left out, and what the shell sees of it."""

from __future__ import annotations

import signal
import tarfile
from pathlib import Path

import pytest

from fakes.archives import layers
from fakes.mill import Mill, Ran

pytestmark = pytest.mark.root


class TestLink:
    BASE = "FROM busybox\nRUN mkdir -p /app/data /usr/lib && ln -s usr/lib /lib && echo x > /file && chmod 0700 /app && echo {} > /tag\n"
    COPIES = (
        "COPY --link lib /lib/\nCOPY --link new /app/data/\nADD --link --chown=alice new /file/\nRUN cat /tag > /seen\n"
    )

    def test_another_base_runs_no_linked_copy_again(self, mill: Mill) -> None:
        mill.write({"lib/a": "A", "new": "N"})
        mill.build(self.BASE.format("one") + self.COPIES, "-t", "app")

        again = mill.build(self.BASE.format("two") + self.COPIES, "-t", "app")

        assert [name.split()[0] for name in again.executed] == ["RUN", "RUN"]
        assert sorted(name for name, step in again.steps.items() if step.cached and "--link" in name) == [
            "ADD --link --chown=alice new /file/",
            "COPY --link lib /lib/",
            "COPY --link new /app/data/",
        ]
        assert mill.cat("app", "/seen", "/app/data/new") == "two\nN"

    def test_the_layer_is_what_counts_where_the_stage_has_something_else(self, mill: Mill) -> None:
        mill.write({"lib/a": "A", "new": "N", "Dockerfile": self.BASE.format("one") + self.COPIES})
        ran = mill.ok("build", "--progress=plain", "-t", "app", ".")

        for other in ("symbolic link to usr/lib", 'the file "/file"'):
            assert other in ran.err
        script = "test ! -L /lib && cat /lib/a && stat -c '%F %u %a' /app /file /file/new"
        assert mill.ok("run", "app", "sh", "-c", script).out.splitlines() == [
            "Adirectory 0 755",
            "directory 1000 755",
            "regular file 1000 644",
        ]

    def test_a_stage_below_is_not_needed_to_make_the_layer(self, mill: Mill) -> None:
        """The RUN ends only when the COPY has been heard to be done."""
        gate = mill.folder.parent / "gate"
        gate.mkdir()
        waits = "RUN for i in $(seq 1200); do ! test -e /gate/open || break; sleep 0.1; done; test -e /gate/open"
        mill.write({"a": "A", "Dockerfile": f"FROM busybox\n{waits}\nCOPY --link a /a\n"})

        with mill.start("build", "--progress=rawjson", "--volume", f"{gate}:/gate", ".") as process:
            assert process.stderr is not None
            said = b""
            while not is_done("COPY --link a /a", said):
                line = process.stderr.readline()
                assert line, said.decode()
                said += line
            (gate / "open").touch()
            process.communicate(timeout=120)

        assert process.returncode == 0
        assert not is_done(waits, said)


def is_done(step: str, said: bytes) -> bool:
    """Whether a step has ended, in what `--progress=rawjson` has said so far."""
    found = Ran(0, b"", said.decode()).steps.get(step)
    return bool(found and found.completed)


class TestBefore:
    STAGE = "FROM busybox AS stage\nRUN mkdir -p /e/d && echo x > /e/d/f\n"
    TWICE = f"{STAGE}FROM scratch\nCOPY --from=stage /e /e/d /out/\n"

    def test_what_was_built_before_makes_no_hard_links(self, mill: Mill) -> None:
        mill.build(self.TWICE, "-o", "type=oci,dest=first.tar")
        mill.build(f"{self.STAGE}FROM scratch\nCOPY --from=stage /e/d/f /elsewhere\n", "-t", "other")

        mill.build(self.TWICE, "--no-cache-filter", "stage-1", "-o", "type=oci,dest=second.tar")

        first, second = (layers((mill.folder / f"{name}.tar").read_bytes())[-1] for name in ("first", "second"))
        assert first == second
        assert first["out/f"] == first["out/d/f"]


class TestLeftOut:
    def test_a_file_that_is_left_out_rebuilds_nothing(self, mill: Mill) -> None:
        text = "FROM busybox\nCOPY --exclude=**/*.log --exclude=!keep.log --parents src/./* top*.log /w/\nRUN find /w -type f | sort > /out\n"
        mill.write({"src/d/a": "", "src/d/x.log": "1", "src/keep.log": "", "topmost.log": ""})
        mill.write({"Dockerfile": text})
        first = mill.ok("build", "--progress=plain", "-t", "app", ".")
        mill.write({"src/d/x.log": "2", "src/y.log": "new"})

        again = mill.build(text, "-t", "app")

        assert mill.cat("app", "/out").splitlines() == ["/w/d/a", "/w/keep.log"]
        assert again.executed == []
        assert "top*.log matches nothing in the build context" in first.err

    def test_a_link_below_the_destination_stays_one_and_a_directory_does_not_go_onto_it(self, mill: Mill) -> None:
        mill.write(
            {"src/lib/a": "A", "Dockerfile": "FROM busybox\nRUN mkdir -p /x/real && ln -s real /x/lib\nCOPY src /x/\n"}
        )

        said = mill.fail("build", "--progress=quiet", ".")

        assert "cannot copy directory onto /x/lib, which is a symbolic link to real" in said
        assert "Dockerfile:3" in said
        mill.build("FROM busybox\nRUN mkdir -p /x/real && ln -s real /x/lib\nCOPY src/lib /x/lib/\n", "-t", "app")
        assert mill.cat("app", "/x/real/a") == "A"


class TestUnusualFiles:
    def test_large_ids_and_holes_arrive_as_they_are(self, mill: Mill, tmp_path: Path) -> None:
        mill.write({"a": "A", "Dockerfile": ""})
        with (mill.folder / "sparse").open("wb") as file:
            file.truncate(64 << 20)
            file.seek(32 << 20)
            file.write(b"middle")
        out = tmp_path / "out.tar"

        mill.build(
            "FROM scratch\nCOPY --chown=3000000:4000000 a /a\nCOPY sparse /sparse\n", "-o", f"type=tar,dest={out}"
        )

        with tarfile.open(out) as archive:
            assert (archive.getmember("a").uid, archive.getmember("a").gid) == (3000000, 4000000)
            assert archive.getmember("sparse").size == 64 << 20
            sparse = archive.extractfile("sparse")
            assert sparse
            sparse.seek(32 << 20)
            assert sparse.read(8) == b"middle\0\0"

    def test_an_id_that_there_cannot_be_is_an_error_at_its_copy(self, mill: Mill) -> None:
        mill.write({"a": "", "Dockerfile": "FROM scratch\nCOPY --chown=4294967295 a /\n"})

        said = mill.fail("build", "--progress=quiet", ".")

        assert "--chown names the id 4294967295, the largest is 4294967294" in said
        assert "Dockerfile:2" in said

    def test_more_layers_than_an_oci_client_is_used_to_can_be_run(self, mill: Mill) -> None:
        mill.write({"a": "A"})
        copies = "".join(f"COPY --link a /d/{number}\n" for number in range(130))

        mill.write({"Dockerfile": f"FROM busybox\n{copies}RUN ls /d | wc -l > /count\n"})

        said = mill.ok("build", "--progress=plain", "-t", "app", ".").err

        assert mill.cat("app", "/count") == "130\n"
        assert "the image has 132 layers, and Docker runs none with more than 127" in said

    def test_a_hole_is_told_before_it_is_read_and_reading_it_can_be_stopped(self, mill: Mill) -> None:
        mill.write({"Dockerfile": "FROM busybox\nRUN mkdir -p /var/log && truncate -s 500G /var/log/lastlog\n"})

        with mill.start("build", "--progress=plain", "-t", "app", ".") as process:
            assert process.stderr is not None
            said = b""
            while b"hint: " not in said:
                said += process.stderr.readline()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)

        assert process.returncode == 130
        assert b'"/var/log/lastlog" is 500.0 GiB, and all but 0.0 GiB of it is a hole' in said
        assert b"useradd --no-log-init" in said
        assert mill.ok("store", "check").out.endswith("all whole\n")

    def test_packing_a_large_file_can_be_stopped(self, mill: Mill) -> None:
        mill.write({"Dockerfile": "FROM busybox\nRUN truncate -s 3G /large\n"})
        with mill.start("build", "--progress=plain", "-t", "app", ".") as process:
            assert process.stderr is not None
            said = b""
            while b"exporting to image" not in said:
                said += process.stderr.readline()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)

        assert process.returncode == 130
        assert mill.ok("store", "check").out.endswith("all whole\n")
