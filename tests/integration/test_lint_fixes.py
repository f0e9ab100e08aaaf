"""Safe fixes of `stagemill lint` leave the image as it is: built before and after, with real processes."""

from __future__ import annotations

from fakes.mill import Mill

MESSY = """\
from busybox
RUN mkdir /out && echo a > /out/a

FROM busybox as App
ENV GREETING hello there
LABEL version 2
COPY --from=0 /out/a /a
EXPOSE 80/TCP
RUN echo one > /one && \\

    echo two > /two
ADD conf dir /etc/app/
CMD ["cat", "/a"]
"""


def test_a_file_that_was_mended_makes_the_same_image_from_the_same_steps(mill: Mill) -> None:
    mill.write({"conf": "text", "dir/a": "a", "dir/b": "b"})
    mill.build(MESSY, "-t", "before")

    said = mill.ok("lint", "--fix", "--fail-on", "none", "--no-shellcheck", ".")
    mended = (mill.folder / "Dockerfile").read_text()
    after = mill.ok("build", "-t", "after", ".")

    assert "mended" in said.out
    assert [line for line in mended.splitlines() if line.startswith(("FROM", "ENV", "LABEL", "COPY", "EXPOSE"))] == [
        "FROM busybox AS builder",
        "FROM busybox AS app",
        'ENV GREETING="hello there"',
        "LABEL version=2",
        "COPY --from=builder /out/a /a",
        "EXPOSE 80/tcp",
        "COPY conf dir /etc/app/",
    ]
    assert after.executed == []
    assert mill.inspect("after")["RootFS"] == mill.inspect("before")["RootFS"]
    assert mill.inspect("after")["Config"] == mill.inspect("before")["Config"]
