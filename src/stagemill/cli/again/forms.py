"""What is in a receipt, for a type checker: when programs run, receipts are plain JSON."""

from __future__ import annotations

from typing import TypeAlias, TypedDict

Saying: TypeAlias = tuple[str, str, str, str]


class Asked(TypedDict):
    """A name whose digest a registry was asked for. `url` is where it says so at a glance, None where that takes more; `host`
    is the one that its certificates are kept for.
    """

    reference: str
    digest: str
    url: str | None
    host: str


class Looked(TypedDict):
    """What of a directory was looked at, as `Survey` has it, and the digest of that."""

    root: str
    directories: list[str]
    hidden: list[str]
    digest: str


class Written(TypedDict):
    """A file: where, and the pieces that it is made of: `bytes` as latin-1, or `blob` with its digest in hex."""

    dest: str
    pieces: list[tuple[str, str]]


class Entry(TypedDict):
    """What `stagemill builds` has of the build: what was built of which place, the name of its graph, and how many steps."""

    place: str
    title: str
    graph: str
    steps: int


class Receipt(TypedDict):
    """What a build looked at, and what it answered.

    `files` are digests of files by path, None for those that were not there; of `settings` the same, which have a say in how
    registries are asked. `before` and `after` are what names in the store
    mean, before the build and by it: descriptors as the table `images` has them, None for none. `steps` are keys of its
    records, and with `runs` some of them are RUNs. `blobs` have to be there; with them is what the kernel said when they were checked, in the run of the machine
    that `boot` names. `headers` go with every glance. `said` is what the progress in its `mode` has: `cached`, `done`,
    `notice` or the number of an archive, each with a text, and a stage and a digest where it is a step. `output` goes to standard output.
    `entry` is for the list of builds.
    """

    version: int
    schema: int
    boot: str
    settings: dict[str, str | None]
    files: dict[str, str | None]
    context: Looked | None
    asked: list[Asked]
    headers: dict[str, str]
    before: dict[str, str | None]
    after: dict[str, str]
    runs: bool
    steps: list[str]
    blobs: dict[str, list[int]]
    archives: list[Written]
    mode: str
    said: list[Saying]
    output: str
    entry: Entry
