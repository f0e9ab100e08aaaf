"""Programs that are compiled: Go, Rust, C."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.busybox import BUSYBOX
from fakes.splitting import built, drafted, facts_of, refusal, runtime
from fakes.tree import Node, file
from stagemill.split import recipes
from stagemill.split.draft import Kind

GO = 'FROM golang:1.23\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n'
FILES = {"main.go": "", "go.mod": "", "templates/a.html": "", "internal/x.go": ""}
RUST = 'FROM rust:1.82\nWORKDIR /src\nCOPY . .\nRUN cargo build --release\nCMD ["./target/release/app"]\n'
SHARED = file(Path("/bin/sh").resolve().read_bytes(), mode=0o755)
C = 'FROM debian\nRUN apt-get install -y gcc make\nWORKDIR /src\nCOPY . .\nRUN make\nCMD ["./tool"]\n'


def test_the_program_goes_on_with_data_and_without_sources() -> None:
    assert runtime(GO, FILES) == [
        "FROM debian:bookworm-slim AS runtime",
        "WORKDIR /src",
        "COPY --from=builder /app /app",
        "COPY --from=builder /src/templates ./templates",
        'CMD ["/app"]',
    ]
    assert [item.path for item in drafted(GO, FILES).left[:3]] == ["/src/go.mod", "/src/internal", "/src/main.go"]
    assert drafted(GO, FILES).assumed == ("whether the program needs a system at all: a static one runs on scratch",)


@pytest.mark.parametrize(("text", "kind"), [(GO, "go"), (RUST, "rust"), (C, "c")])
def test_the_kind_is_told_by_what_builds(text: str, kind: Kind) -> None:
    assert recipes.kind(facts_of(text)) == kind


def test_of_where_it_was_compiled_only_the_program_is_kept() -> None:
    assert (
        runtime(RUST, {"src/main.rs": "", "Cargo.toml": ""})[2]
        == "COPY --from=builder /src/target/release/app ./target/release/app"
    )
    assert "/src/target" in [item.path for item in drafted(RUST).left] or not drafted(RUST).left[0].path.endswith(
        "target"
    )


def test_a_dynamic_program_gets_the_system_it_was_linked_with() -> None:
    draft = built(GO, FILES, {"app": file(Path("/bin/sh").resolve().read_bytes(), mode=0o755), "src/main.go": ""})

    assert (draft.base, draft.why) == (
        "debian:bookworm-slim",
        "The system whose C library the program was linked with, without compilers.",
    )


@pytest.mark.skipif(BUSYBOX is None, reason="needs a static busybox")
def test_a_static_program_that_starts_others_gets_a_small_system() -> None:
    assert BUSYBOX is not None
    draft = built(GO, FILES, {"app": file(BUSYBOX.read_bytes(), mode=0o755)})

    assert (draft.base, draft.why) == ("debian:bookworm-slim", "A small system: the program starts a shell.")


def test_a_static_program_needs_none_but_what_it_reads() -> None:
    static = (
        b"\x7fELF\x02\x01\x01"
        + b"\0" * 9
        + b"\x02\0\x3e\0\x01\0\0\0"
        + b"\0" * 24
        + b"\0\0\0\0\x40\0\x38\0\0\0\x40\0\0\0\0\0"
    )
    tree: dict[str, Node | str] = {
        "app": file(static + b" Go buildinf: /etc/ssl/certs/ca-certificates.crt", mode=0o755),
        "etc/ssl/certs/ca-certificates.crt": "pem",
    }

    draft = built(GO, {}, tree)

    assert draft.base == "scratch"
    assert [item.path for item in draft.kept] == ["/app", "/etc/ssl/certs/ca-certificates.crt"]
    assert built(GO.replace('["/app"]', "/app"), {}, tree).base == "debian:bookworm-slim"
    assert built(GO.replace("CMD", "USER app\nCMD"), {}, tree).base == "debian:bookworm-slim"
    assert built(GO.replace("CMD", "USER 65534:65534\nCMD"), {}, tree).base == "scratch"


def test_a_program_that_is_found_by_name_goes_where_it_is_found() -> None:
    text = 'FROM golang:1.23\nWORKDIR /src\nRUN go install ./cmd/tool\nENTRYPOINT ["tool"]\n'

    assert "COPY --from=builder /go/bin/tool /usr/local/bin/tool" in runtime(text)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (GO.replace('["/app"]', '["/bin/other"]'), "no RUN makes /bin/other", "a RUN makes /app"),
        (GO.replace('["/app"]', '["/bin/app"]'), "no RUN makes /bin/app", "the program is at /app"),
        (GO.replace('["/app"]', "migrate && serve"), "a shell runs more than one program", 'CMD ["./server"]'),
        (C.replace('"./tool"', '"tool"'), "where tool is made is not certain", "leave --dry-run out: a build shows it"),
    ],
)
def test_a_program_that_is_not_certain_is_refused(text: str, message: str, hint: str) -> None:
    said, proposed = refusal(text)

    assert message in said
    assert hint in proposed


def test_what_is_no_program_was_not_compiled() -> None:
    draft = built(C, {}, {"src/tool": file("#!/usr/bin/perl\n", mode=0o755)})

    assert (draft.kind, draft.base) == ("other", "debian")


def test_what_lies_beside_a_program_is_kept_unless_a_compiler_made_it() -> None:
    text = C.replace("./tool", "bin/tool")
    tool = file(Path("/bin/sh").resolve().read_bytes(), mode=0o755)

    alone = built(text, {}, {"src/bin/tool": tool, "src/bin/tool.o": "", "src/a.c": ""})
    beside = built(text, {}, {"src/bin/tool": tool, "src/bin/words.txt": ""})

    assert [item.path for item in alone.kept] == ["/src/bin/tool"]
    assert [item.path for item in beside.kept] == ["/src/bin/tool", "/src/bin"]


def test_a_script_and_a_shell_lead_to_the_programs_that_they_start() -> None:
    tree: dict[str, Node | str] = {
        "src/start.sh": file("#!/bin/sh\n./migrate\nexec ./tool\n", mode=0o755),
        "src/tool": SHARED,
        "src/migrate": SHARED,
        "src/tool.c": "",
        "bin/cat": SHARED,
    }
    script = built(C.replace('["./tool"]', '["./start.sh"]'), {}, tree)
    shell = built(C.replace('["./tool"]', "./tool | cat"), {}, tree)

    assert [item.path for item in script.kept] == ["/src/migrate", "/src/tool", "/src/start.sh"]
    assert (script.kind, script.base) == ("c", "debian")
    assert [item.path for item in shell.kept][:1] == ["/src/tool"]


def test_a_wrapper_stands_before_the_program() -> None:
    text = C.replace('CMD ["./tool"]', 'ENTRYPOINT ["./entrypoint.sh"]\nCMD ["./tool"]')
    draft = built(text, {}, {"src/tool": SHARED, "src/entrypoint.sh": file("#!/bin/sh\n", mode=0o755)})

    assert [item.path for item in draft.kept] == ["/src/tool", "/src/entrypoint.sh"]
