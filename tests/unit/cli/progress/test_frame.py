from __future__ import annotations

import pytest

from stagemill import events
from stagemill.cli.progress.board import Board
from stagemill.cli.progress.colours import Palette
from stagemill.cli.progress.frame import ASCII, UNICODE, Glyphs, Line, as_text, live, summary
from stagemill.cli.progress.text import cells, clip
from stagemill.digest import Digest


def key(name: str) -> Digest:
    return Digest.of(name.encode())


def sample() -> Board:
    board = Board()
    for event in (
        events.Cached(key("from"), "[builder 1/3] FROM golang:1.23", 100.0, "builder"),
        events.Started(key("pull"), "pull debian:12", 100.0),
        events.Started(key("copy"), "[builder 2/3] COPY go.mod ./", 100.0, "builder"),
        events.Finished(key("copy"), 100.4),
        events.Started(key("build"), "[builder 3/3] RUN go build ./...", 100.4, "builder"),
        events.Output(key("build"), "stdout", b"".join(b"compiling %d\n" % n for n in range(9)), 101.0),
        events.Transfer(key("pull"), "sha256:abc", 12_500_000, 50_000_000, 101.0),
        events.Started(key("run"), "[runtime 1/1] RUN apt-get update", 101.0, "runtime"),
    ):
        board.take(event)
    return board


def drawn(board: Board, width: int = 60, height: int = 50, *, glyphs: Glyphs = UNICODE) -> list[str]:
    return plain(live(board, now=102.0, size=(width, height), glyphs=glyphs))


def plain(lines: list[Line]) -> list[str]:
    return as_text(lines, Palette.of({"NO_COLOR": "1"})).splitlines()


def test_the_live_tree_shows_stages_steps_times_tails_and_transfers() -> None:
    assert drawn(sample()) == [
        "[+] building 2.0s, 2 done (1 cached), 3 running",
        "  ⠋ pull debian:12                                      2.0s",
        "    ███░░░░░░░░░ sha256:abc                12.50MB / 50.00MB",
        " builder",
        "  ✓ 1/3 FROM golang:1.23                              cached",
        "  ✓ 2/3 COPY go.mod ./                                  0.4s",
        "  ⠋ 3/3 RUN go build ./...                              1.6s",
        "    │ compiling 3",
        "    │ compiling 4",
        "    │ compiling 5",
        "    │ compiling 6",
        "    │ compiling 7",
        "    │ compiling 8",
        " runtime",
        "  ⠋ 1/1 RUN apt-get update                              1.0s",
    ]


@pytest.mark.parametrize("height", range(30))
def test_it_never_takes_more_rows_than_there_are(height: int) -> None:
    assert len(drawn(sample(), height=height)) <= height


@pytest.mark.parametrize("width", range(1, 90))
def test_it_never_takes_more_columns_than_there_are(width: int) -> None:
    board = sample()
    board.take(events.Started(key("wide"), "[runtime 2/2] RUN echo 日本語日本語日本語日本語日本語", 101.0, "日本語"))

    assert max(map(cells, drawn(board, width=width))) <= width


def test_in_fewer_rows_less_is_said_of_each_step() -> None:
    assert drawn(sample(), height=11) == [
        "[+] building 2.0s, 2 done (1 cached), 3 running",
        "  ⠋ pull debian:12                                      2.0s",
        "    ███░░░░░░░░░ sha256:abc                12.50MB / 50.00MB",
        " builder",
        "  ✓ 2 steps, 1 cached                                   0.4s",
        "  ⠋ 3/3 RUN go build ./...                              1.6s",
        "    │ compiling 6",
        "    │ compiling 7",
        "    │ compiling 8",
        " runtime",
        "  ⠋ 1/1 RUN apt-get update                              1.0s",
    ]


def test_in_very_few_rows_what_runs_is_left() -> None:
    assert drawn(sample(), height=5) == [
        "[+] building 2.0s, 2 done (1 cached), 3 running",
        "  ⠋ pull debian:12                                      2.0s",
        "  ⠋ 3/3 RUN go build ./...                              1.6s",
        "  ⠋ 1/1 RUN apt-get update                              1.0s",
    ]
    assert drawn(sample(), height=3)[1:] == [
        "  ⠋ pull debian:12                                      2.0s",
        "  … 2 more",
    ]


def test_a_finished_stage_is_folded_before_the_steps_of_a_running_one() -> None:
    board = Board()
    for number in range(4):
        board.take(events.Cached(key(f"a{number}"), f"[a {number}/4] RUN {number}", 100.0, "a"))
        board.take(events.Cached(key(f"b{number}"), f"[b {number}/5] RUN {number}", 100.0, "b"))
    board.take(events.Started(key("b5"), "[b 5/5] RUN 5", 101.0, "b"))

    lines = drawn(board, width=30, height=9)

    assert lines[1:5] == [" a", "  ✓ 4 steps, 4 cached     0.0s", " b", "  ✓ 0/5 RUN 0           cached"]


def test_a_failed_step_is_never_folded() -> None:
    board = sample()
    board.take(events.Failed(key("build"), "exit code 1", 102.0))

    assert any("RUN go build" in line and "failed 1.6s" in line for line in drawn(board, height=9))


def test_many_transfers_are_counted() -> None:
    board = Board()
    board.take(events.Started(key("pull"), "pull", 100.0))
    for number in range(9):
        board.take(events.Transfer(key("pull"), f"layer {number}", 1, 2, 101.0))

    assert "    … 3 more" in drawn(board)


def test_a_narrow_terminal_shows_bytes_without_bars_and_leaves_out_times_last() -> None:
    assert drawn(sample(), width=24, height=9) == [
        "[+] building 2.0s, 2 do…",
        "  ⠋ pull debian:12  2.0s",
        "    sha256:abc",
        " builder",
        "  ✓ 2 steps, 1 cac… 0.4s",
        "  ⠋ 3/3 RUN go bui… 1.6s",
        "    │ compiling 8",
        " runtime",
        "  ⠋ 1/1 RUN apt-ge… 1.0s",
    ]


def test_without_unicode_it_is_drawn_in_ascii() -> None:
    assert "".join(drawn(sample(), width=24, glyphs=ASCII)).isascii()


def test_the_spinner_turns() -> None:
    pictures = {
        as_text(live(sample(), now=now, size=(60, 4)), Palette.of({"NO_COLOR": "1"})) for now in (102.0, 102.11, 102.21)
    }

    assert len(pictures) == 3


def test_the_summary_shows_every_step_and_no_output() -> None:
    board = sample()
    for name in ("build", "pull", "run"):
        board.take(events.Finished(key(name), 225.0))

    assert plain(summary(board, now=225.3, width=60)) == [
        "[+] built in 2m05s, 5 steps, 1 cached",
        "  ✓ pull debian:12                                     2m05s",
        " builder",
        "  ✓ 1/3 FROM golang:1.23                              cached",
        "  ✓ 2/3 COPY go.mod ./                                  0.4s",
        "  ✓ 3/3 RUN go build ./...                             2m05s",
        " runtime",
        "  ✓ 1/1 RUN apt-get update                             2m04s",
    ]


def test_the_summary_says_what_failed_and_what_was_stopped() -> None:
    board = sample()
    board.take(events.Failed(key("build"), "exit code 1", 103.0))
    board.take(events.Failed(key("run"), "canceled", 103.0, cancelled=True))

    lines = plain(summary(board, now=103.0, width=60))

    assert lines[0] == "[+] failed after 3.0s, 5 steps, 1 cached"
    assert "  ✗ 3/3 RUN go build ./...                       failed 2.6s" in lines
    assert "  – 1/1 RUN apt-get update                     canceled 2.0s" in lines


def test_a_build_that_was_stopped_says_so() -> None:
    assert plain(summary(sample(), now=103.0, width=60))[0] == "[+] stopped after 3.0s, 5 steps, 1 cached"


def test_one_step_is_no_steps() -> None:
    board = Board()
    board.take(events.Started(key("a"), "a", 1.0))
    board.take(events.Finished(key("a"), 2.0))

    assert plain(summary(board, now=2.0, width=60))[0] == "[+] built in 1.0s, 1 step"


def test_of_nothing_there_is_no_summary() -> None:
    assert summary(Board(), now=1.0, width=60) == []


def test_colours_are_codes_around_the_text() -> None:
    assert as_text([(("x", "red"), ("y", ""))], Palette.of({})) == "\x1b[31mx\x1b[0my\n"
    assert as_text([(("x", "red"), ("y", ""))], Palette.of({"NO_COLOR": "1"})) == "xy\n"


def test_of_thousands_of_stages_no_more_is_drawn_than_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board()
    for number in range(3000):
        board.take(events.Started(key(f"{number}"), f"[s{number} 1/1] RUN true", 100.0, f"s{number}"))
        board.take(events.Finished(key(f"{number}"), 101.0))
    board.take(events.Started(key("last"), "[last 1/1] RUN sleep 9", 101.0, "last"))
    drawn_lines = 0

    def counted(text: str, width: int, *, mark: str) -> str:
        nonlocal drawn_lines
        drawn_lines += 1
        return clip(text, width, mark=mark)

    monkeypatch.setattr("stagemill.cli.progress.frame.clip", counted)

    assert drawn(board, height=24) == [
        "[+] building 2.0s, 3000 done, 1 running",
        "  ⠋ 1/1 RUN sleep 9                                     1.0s",
    ]
    assert 0 < drawn_lines < 500
