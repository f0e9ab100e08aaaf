"""Dockerfiles made by rules: whole, but with whatever words stand where words may."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

_ATOMS = (
    "a", "b", "b/", ".", "..", "/", "/a/./b", "*", "b/*", "**", "[", "[a-", "l", "loop", "out", "missing", "$A", "${A}", "${A:-b}",
    "${A:?no}", "${A#*a}", "${A%%a*}", "${A/a/b}", "${A//a*/$B}", "${", "${A:-${B:-${C}}}", "$", "'", '"', '"$A"', "'$A'", "\\", "\\ ",
    "\\\n", "`", "", "é", "\udcff", "\u2028", "\ufeff", "80", "80/udp", "1-3", "9" * 30, "99999-1", "A=1", "A=$B", '"x y"', "x\ty",
    "A='b c'", "$A=1", "=", "A", "--", "--x", "http://h/f", "https://h/r.git#v:d", "https://nosuch/f", "git@h:r", "scratch", "busybox",
    "s0", "s1", "0", "1", "٣", "SIGTERM", "9", "app:app", "-1", "TARGETPLATFORM", "HTTP_PROXY=x", "SOURCE_DATE_EPOCH=1", "\x1b[31m",
    "npm ci", "npm install --production", "package*.json", "&&", "|", ";", "#", "# x", "sha256:" + "0" * 64, "NODE_ENV=production",
)  # fmt: skip
_LISTS = (
    '["a"]',
    '["a", "$A"]',
    "[]",
    '["\\ud800"]',
    "[1]",
    "['a']",
    '["a",]',
    '["a" "b"]',
    '["' + "[" * 40,
    '["\\u0000"]',
)
_MOUNTS = (
    "type=cache,target=/c", "type=bind,from=s0,target=/t", "type=bind,source=a,target=/a,rw", "type=secret,id=x,required",
    "type=tmpfs,target=/t,size=1g", "type=ssh", "type=secret,id=x,env=Y", "target=/c,type=cache,sharing=locked,uid=$A", "type=x", "",
    '"type=bind,target=/a b"', "type=cache,id=../x,target=/c,from=busybox,source=/y,mode=0755",
)  # fmt: skip
_FLAGS = (
    "--from=s0", "--from=0", "--from=1", "--from=busybox", "--from=$A", "--from=scratch", "--from=" + "9" * 30, "--from=nosuch",
    "--chown=$A", "--chown=a:b", "--chown=1:2", "--chmod=755", "--chmod=u+x,go=rX", "--chmod=$A", "--chmod=9", "--link", "--link=false",
    "--exclude=*.c", "--exclude=[", "--parents", "--network=none", "--network=x", "--security=insecure", "--platform=$BUILDPLATFORM",
    "--platform=linux/amd64", "--platform=x/y/z", "--interval=5s", "--timeout=1h1ms", "--retries=2", "--checksum=sha256:" + "0" * 64,
    "--keep-git-dir", "--unpack", "--unpack=false", "--after=s0", "--device=x", "--", "--\\", '--"link"', "--from='s0'",
)  # fmt: skip
_KEYWORDS = (
    "ARG", "ENV", "LABEL", "RUN", "RUN", "COPY", "COPY", "ADD", "CMD", "ENTRYPOINT", "EXPOSE", "VOLUME", "USER", "WORKDIR", "SHELL",
    "STOPSIGNAL", "MAINTAINER", "ONBUILD", "HEALTHCHECK", "HEALTHCHECK CMD", "HEALTHCHECK NONE", "ONBUILD COPY", "ONBUILD RUN",
    "ONBUILD ARG", "run", "Copy", "FORM", "FROM",
)  # fmt: skip
_HEREDOCS = (
    "<<E\n$A '${B:-c}' \\\nE", "<<-E\n\t${A:?x}\n\tE", "<<'E'\n${\nE", "<<E\n#!/bin/sh\nE", "<<E <<F\na\nE\nb\nF", "<<E", '<<"a b"\nx\na b',
    "3<<E\nx\nE", "cat <<E > /x\ntext\nE",
)  # fmt: skip
_FROMS = (
    "FROM busybox", "FROM busybox AS s0", "FROM scratch AS s1", "FROM s0", "FROM base AS s0", "FROM ${A:-busybox}", "FROM $A", "FROM nosuch",
    "FROM --platform=$A busybox", "FROM --after=s0 busybox AS s1", "FROM --after=s1,0 s0 AS s0", "FROM node:22 AS Build", "from s1 as s2",
    "FROM --platform=$TARGETPLATFORM busybox@sha256:" + "0" * 64, "FROM localhost:5000/a/b:c AS x", "FROM 0 AS y", "FROM s0 AS scratch",
)  # fmt: skip
_TOPS = (
    "# syntax=docker/dockerfile:1\n", "# escape=`\n", "# check=skip=all;error=true\n", "#!/x\n# escape=\\\n", "\ufeff", "# x\n\n",
    "# check=skip=WorkdirRelativePath\n", "ARG A\n", "ARG A=busybox B=$A\n", "ARG SOURCE_DATE_EPOCH=1\n", '{"syntax": "x"}\n', "// syntax=x\n",
)  # fmt: skip
_SOUND = (
    "ARG A", "ARG B=$A C", "ENV A=1 B=$A", "LABEL a=$A", "RUN x $A", 'RUN ["x"]', "RUN <<E\nx\nE", "COPY a b $A/", "COPY . .", "ADD b /d",
    "COPY --from=s0 /a* /b", "COPY <<E /f\n$A\nE", "WORKDIR w/$A", "USER $A", "CMD x", "ENTRYPOINT []", "EXPOSE 80 8000-8002/udp",
    "VOLUME /v$A", 'SHELL ["/b"]', "STOPSIGNAL 9", "HEALTHCHECK CMD x", "ONBUILD RUN t", "ONBUILD COPY --from=s0 a b", "MAINTAINER m",
    "RUN npm ci --only=production", "COPY --from=0 / /", "# comment", "", "RUN a \\\n# c\n  && b", "RUN npm \\\n\n  install --production",
    "ADD https://h/f /x", "ADD https://h/r.git#v /r", "WORKDIR rel", "ENV old style", "EXPOSE 80/TCP", "RUN cd /x && npm i --prefix y",
)  # fmt: skip

WORDS: Sequence[bytes] = tuple(
    word.encode("utf-8", "surrogateescape")
    for word in (*_ATOMS, *_LISTS, *_FLAGS, *(f"--mount={mount}" for mount in _MOUNTS), *_KEYWORDS, *_HEREDOCS, *_FROMS)
    if word
)


def dockerfile(rng: Random) -> str:
    """A file of a few stages and instructions."""
    lines = [rng.choice(_FROMS[:5] if rng.random() < 0.8 else _FROMS)]
    for _ in range(rng.randrange(12)):
        chance = rng.random()
        if chance < 0.15:
            lines.append(rng.choice(_FROMS))
        elif chance < 0.85:
            lines.append(rng.choice(_SOUND))
        else:
            lines.append(_instruction(rng))
    newline = "\r\n" if rng.random() < 0.05 else "\n"
    text = (rng.choice(_TOPS) if rng.random() < 0.4 else "") + "\n".join(lines) + rng.choice(("", "\n", "\n"))
    return text.replace("\n", newline)


def _instruction(rng: Random) -> str:
    keyword = rng.choice(_KEYWORDS)
    flags = [rng.choice(_FLAGS) for _ in range(rng.choice((0, 0, 1, 2)))]
    if keyword == "RUN" and rng.random() < 0.4:
        flags += [f"--mount={rng.choice(_MOUNTS)}"]
    words = [_word(rng) for _ in range(rng.randrange(4))]
    if rng.random() < 0.15:
        words = [rng.choice(_LISTS)]
    end = [rng.choice(_HEREDOCS)] if rng.random() < 0.1 else []
    return " ".join([keyword, *flags, *words, *end])


def _word(rng: Random) -> str:
    """Mostly one atom, at times several in one word."""
    count = 1 if rng.random() < 0.8 else rng.randrange(2, 5)
    return "".join(rng.choice(_ATOMS) for _ in range(count))
