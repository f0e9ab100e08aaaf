"""`ShellSymlink`: /bin/sh is replaced by another shell, where SHELL chooses one."""

from __future__ import annotations

from fakes.linting import lines_found

RULE = "ShellSymlink"


def test_a_link_in_place_of_sh_is_found() -> None:
    assert lines_found(RULE, "FROM x\nRUN a && ln -sfv /bin/bash /bin/sh\nRUN ln -s bash /usr/bin/sh\n") == [2, 3]


def test_other_links_are_fine() -> None:
    assert lines_found(RULE, "FROM x\nRUN ln -s /bin/sh /bin/mysh && ln -s a b && echo ln -s a /bin/sh\n") == []
