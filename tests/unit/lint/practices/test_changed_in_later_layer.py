"""`ChangedInLaterLayer`: a RUN changes owner or mode of what a COPY brought, so the image holds it twice."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "ChangedInLaterLayer"


@pytest.mark.parametrize("run", ["chown -R a /t", "chmod +x /t", "a && chmod -R 755 /t/", "chgrp -R a /x /t"])
def test_what_is_changed_a_layer_later_is_found(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nCOPY a /t\nRUN {run}\n") == [3]


@pytest.mark.parametrize(
    "run", ["chown -R a /u", "chmod +x $U", "chmod", "echo chmod +x /t", "if a; then chmod +x /t; fi"]
)
def test_other_files_are_fine(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nCOPY a /t\nRUN {run}\n") == []


@pytest.mark.parametrize(
    ("copy", "run", "path"),
    [
        ("COPY a.sh /bin/", "chmod +x /bin/a.sh", "/bin/a.sh"),
        ("COPY a.sh b.sh /bin/", "chmod +x /bin/b.sh", "/bin/b.sh"),
        ("WORKDIR /w\nCOPY in/a.sh .", "chmod +x a.sh", "/w/a.sh"),
        ("ENV S=/bin/a.sh\nCOPY a.sh $S", "chmod +x $S", "/bin/a.sh"),
    ],
)
def test_a_file_that_was_copied_into_a_directory_is_known(copy: str, run: str, path: str) -> None:
    (found,) = findings(RULE, f"FROM x\n{copy}\nRUN {run}\n")

    assert found.message.endswith(f"has brought {path}")


@pytest.mark.parametrize("copy", ["COPY a /t/", "COPY a b /t", "WORKDIR /t\nCOPY . ."])
def test_a_directory_alone_holds_no_files(copy: str) -> None:
    assert lines_found(RULE, f"FROM x\n{copy}\nRUN chmod 700 /t\n") == []
    assert len(findings(RULE, f"FROM x\n{copy}\nRUN chmod -R 700 /t\n")) == 1


def test_a_build_stage_may_do_so_and_the_hint_names_the_flag() -> None:
    text = "FROM x AS a\nWORKDIR /t\nCOPY . .\nRUN chmod -R +x /t\n"

    assert lines_found(RULE, text + "FROM y\nCOPY --from=a /b /b\n") == []
    assert [f.hint for f in findings(RULE, text)] == ["write --chmod=… at the COPY"]
