from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from stagemill import events
from stagemill.cli.progress.out import Out
from stagemill.cli.progress.plain import Plain
from stagemill.digest import Digest


def key(name: str) -> Digest:
    return Digest.of(name.encode())


class Reader:
    """A plain progress whose clock a test turns; `text` is what it has written since the last look."""

    def __init__(self, *, safe: bool = False) -> None:
        self.now = 1000.0
        self._stream = io.StringIO()
        self.asked: list[Callable[[], None]] = []
        self.plain = Plain(Out(self._stream), clock=lambda: self.now, ticks=self.asked.append, safe=safe)

    def start(self, *names: str) -> None:
        for name in names:
            self.plain(events.Started(key(name), name, self.now))

    def cached(self, name: str) -> None:
        self.plain(events.Cached(key(name), name, self.now))

    def output(self, name: str, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        self.plain(events.Output(key(name), "stdout", data, self.now))

    def transfer(self, name: str, current: int, total: int | None = 1000, *, done: bool = False) -> None:
        self.plain(events.Transfer(key(name), "sha256:abc", current, total, self.now, done))

    def finish(self, name: str) -> None:
        self.plain(events.Finished(key(name), self.now))

    def fail(self, name: str, message: str, *, cancelled: bool = False) -> None:
        self.plain(events.Failed(key(name), message, self.now, cancelled))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.plain.tick()

    def text(self) -> str:
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return text


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_a_step_is_a_block(reader: Reader) -> None:
    reader.start("[builder 2/4] RUN npm ci")
    reader.now += 0.312
    reader.output("[builder 2/4] RUN npm ci", "added 120 packages\n")
    reader.now += 0.9
    reader.finish("[builder 2/4] RUN npm ci")

    assert reader.text() == (
        "#1 [builder 2/4] RUN npm ci\n"
        "#1 0.312 added 120 packages\n"
        "#1 DONE 1.2s\n"
    )  # fmt: skip


def test_blocks_are_separated_by_an_empty_line(reader: Reader) -> None:
    reader.cached("[1/2] FROM debian")
    reader.start("[2/2] RUN make")
    reader.finish("[2/2] RUN make")

    assert reader.text() == "#1 [1/2] FROM debian\n#1 CACHED\n\n#2 [2/2] RUN make\n#2 DONE 0.0s\n"


def test_what_is_said_in_its_turn_is_printed_at_once(reader: Reader) -> None:
    reader.start("a")
    assert reader.text() == "#1 a\n"

    reader.output("a", "hello\n")

    assert reader.text() == "#1 0.000 hello\n"
    assert reader.asked == []


def test_an_error_ends_the_block(reader: Reader) -> None:
    reader.start("a")
    reader.fail("a", "process /bin/sh -c make\ndid not complete: exit code 2")

    assert reader.text() == "#1 a\n#1 ERROR: process /bin/sh -c make did not complete: exit code 2\n"


def test_a_step_that_was_stopped_says_so_as_buildkit_does(reader: Reader) -> None:
    reader.start("a")
    reader.fail("a", "canceled", cancelled=True)

    assert reader.text() == "#1 a\n#1 CANCELED\n"


def test_a_step_that_ends_interrupts_the_one_that_speaks(reader: Reader) -> None:
    reader.start("a", "b")
    reader.output("b", "hidden\n")
    reader.finish("b")
    reader.output("a", "more\n")

    assert reader.text() == (
        "#1 a\n"
        "#1 ...\n"
        "\n"
        "#2 b\n"
        "#2 0.000 hidden\n"
        "#2 DONE 0.0s\n"
        "\n"
        "#1 a\n"
        "#1 0.000 more\n"
    )  # fmt: skip


def test_a_cached_step_interrupts_too(reader: Reader) -> None:
    reader.start("a")
    reader.cached("b")

    assert reader.text() == "#1 a\n#1 ...\n\n#2 b\n#2 CACHED\n\n#1 a\n"


def test_whoever_waits_asks_for_ticks(reader: Reader) -> None:
    reader.start("a", "b")

    assert reader.asked == [reader.plain.tick]


def test_a_silent_step_loses_its_turn_after_five_seconds(reader: Reader) -> None:
    reader.start("a", "b")
    reader.output("b", "hello\n")
    reader.text()

    reader.wait(4.9)
    assert reader.text() == ""
    reader.wait(0.2)

    assert reader.text() == "#1 ...\n\n#2 b\n#2 0.000 hello\n"


def test_two_that_say_as_much_speak_ten_seconds_each(reader: Reader) -> None:
    reader.start("a", "b")
    turns = []
    for _ in range(300):
        for name in "ab":
            reader.output(name, "line\n")
        reader.wait(0.1)
        turns += [line for line in reader.text().splitlines() if line.endswith("...")]

    assert turns == ["#1 ...", "#2 ..."]


def test_nobody_waits_longer_than_ten_seconds(reader: Reader) -> None:
    reader.start("busy", "quiet")
    reader.output("quiet", "hello\n")
    reader.text()
    for _ in range(99):
        reader.output("busy", "line\n" * 50)
        reader.wait(0.1)
    assert "hello" not in reader.text()

    reader.wait(0.2)

    assert "#2 quiet\n#2 0.000 hello\n" in reader.text()


def test_when_a_step_ends_the_busiest_of_those_that_wait_is_next(reader: Reader) -> None:
    reader.start("a", "b", "c")
    reader.output("b", "one\n")
    reader.output("c", "one\ntwo\n")
    reader.text()
    reader.now += 1.0

    reader.finish("a")

    assert reader.text() == "#1 DONE 1.0s\n\n#2 c\n#2 0.000 one\n#2 0.000 two\n"


def test_times_keep_their_width(reader: Reader) -> None:
    reader.start("a")
    for seconds in (0.5, 12.0, 100.0):
        reader.now += seconds
        reader.output("a", "line\n")

    assert reader.text().splitlines()[1:] == ["#1 0.500 line", "#1 12.50 line", "#1 112.5 line"]


def test_a_line_that_has_no_end_yet_waits_for_it(reader: Reader) -> None:
    reader.start("a")
    reader.output("a", "Downloading")
    assert reader.text() == "#1 a\n"

    reader.output("a", "... done\n")

    assert reader.text() == "#1 0.000 Downloading... done\n"


def test_a_line_that_never_ends_is_printed_at_the_end(reader: Reader) -> None:
    reader.start("a")
    reader.output("a", "Segmentation fault")
    reader.now += 0.5
    reader.fail("a", "exit code 139")

    assert reader.text() == "#1 a\n#1 0.500 Segmentation fault\n#1 ERROR: exit code 139\n"


def test_the_two_streams_of_a_step_do_not_mix_their_lines(reader: Reader) -> None:
    reader.start("a")
    reader.output("a", "out ")
    reader.plain(events.Output(key("a"), "stderr", b"error\n", reader.now))
    reader.output("a", "put\n")

    assert reader.text() == "#1 a\n#1 0.000 error\n#1 0.000 out put\n"


def test_of_a_progress_bar_the_last_picture_is_printed(reader: Reader) -> None:
    reader.start("a")
    reader.output("a", " 10%\r 20%\r")
    reader.output("a", "100%\r\n")

    assert reader.text() == "#1 a\n#1 0.000 100%\n"


def test_a_transfer_has_lines_where_it_is_news(reader: Reader) -> None:
    reader.start("a")
    for current in (0, 10, 49, 50, 60):
        reader.transfer("a", current)
        reader.now += 0.1
    reader.now += 5
    reader.transfer("a", 61)
    reader.transfer("a", 1000, done=True)

    assert reader.text() == (
        "#1 a\n"
        "#1 sha256:abc 0B / 1.00kB\n"
        "#1 sha256:abc 50B / 1.00kB 0.3s\n"
        "#1 sha256:abc 61B / 1.00kB 5.5s\n"
        "#1 sha256:abc 1.00kB / 1.00kB 5.5s done\n"
    )  # fmt: skip


def test_a_transfer_of_unknown_size_says_what_has_come(reader: Reader) -> None:
    reader.start("a")
    reader.transfer("a", 0, None)
    reader.transfer("a", 2, None, done=True)

    assert reader.text() == "#1 a\n#1 sha256:abc\n#1 sha256:abc 2B done\n"


def test_a_notice_is_a_block_of_nobody(reader: Reader) -> None:
    reader.start("a")
    reader.plain(events.Notice("warning: stage has no name\n  add AS <name>", reader.now))

    assert reader.text() == "#1 a\n#1 ...\n\n#0 warning: stage has no name\n#0   add AS <name>\n\n#1 a\n"


def test_on_leaving_what_was_hidden_is_printed(reader: Reader) -> None:
    reader.start("a", "b")
    reader.output("b", "hidden\nrest")
    reader.text()

    reader.plain.close()

    assert reader.text() == "#1 ...\n\n#2 b\n#2 0.000 hidden\n#2 0.000 rest\n"


def test_events_of_unknown_steps_say_nothing(reader: Reader) -> None:
    reader.output("a", "hello\n")
    reader.transfer("a", 1)
    reader.finish("a")
    reader.fail("a", "no")

    assert reader.text() == ""


def test_colours_stay_in_a_log() -> None:
    reader = Reader()
    reader.start("a")
    reader.output("a", "\x1b[31mred\x1b[0m\n")

    assert reader.text() == "#1 a\n#1 0.000 \x1b[31mred\x1b[0m\n"


def test_on_a_terminal_a_process_cannot_do_more_than_show_characters() -> None:
    reader = Reader(safe=True)
    reader.start("\x1b[2Jname")
    reader.output("\x1b[2Jname", "\x1b]0;title\x07\x1b[31mred\x1b[0m\n")
    reader.plain(events.Notice("\x1b[1mbold", reader.now))

    assert reader.text() == "#1 name\n#1 0.000 red\n#1 ...\n\n#0 bold\n\n#1 name\n"
