"""The words of the language and of `build` that a user can write, each of which some test has to prove.

They are taken from the program itself, so that a new one cannot come without a proof; `BUILDX` and `VARIABLES` are those
that people bring along from `docker buildx build`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from fakes.commands import commands, options
from stagemill.cli.given import cache_flags, output_flags
from stagemill.dockerfile.flags import KNOWN
from stagemill.dockerfile.parser import KEYWORDS
from stagemill.plan import mounts
from stagemill.plan.mount_options import NAMES

BUILDX = (
    "--add-host", "--allow", "--annotation", "--attest", "--build-arg", "--build-context", "--builder",
    "--cache-from", "--cache-to", "--call", "--cgroup-parent", "--check", "--compress", "--cpu-period", "--cpu-quota",
    "--cpu-shares", "--cpuset-cpus", "--cpuset-mems", "--debug", "--file", "--force-rm", "--iidfile", "--isolation",
    "--label", "--load", "--memory", "--memory-swap", "--metadata-file", "--network", "--no-cache",
    "--no-cache-filter", "--output", "--platform", "--policy", "--print", "--progress", "--provenance", "--pull",
    "--push", "--quiet", "--resource", "--rm", "--sbom", "--secret", "--security-opt", "--shm-size", "--squash",
    "--ssh", "--tag", "--target", "--ulimit",
)  # fmt: skip
BUILDAH = (
    "--authfile", "--build-arg-file", "--cap-add", "--cap-drop", "--cert-dir", "--compression-format", "--compression-level",
    "--creds", "--disable-compression", "--dns", "--dns-option", "--dns-search", "--force-compression", "--ignorefile",
    "--jobs", "--layer-label", "--logfile", "--retry", "--retry-delay", "--rewrite-timestamp", "--save-stages",
    "--source-date-epoch", "--squash", "--timestamp", "--tls-verify", "--unsetenv", "--unsetlabel", "--volume",
)  # fmt: skip
DIRECTIVES = ("# check", "# escape", "# syntax")
ARGUMENTS = (
    "BUILDKIT_ATTEST_PROVENANCE", "BUILDKIT_ATTEST_SBOM", "BUILDKIT_CACHE_MOUNT_NS",
    "BUILDKIT_CONTEXT_KEEP_GIT_DIR", "BUILDKIT_DOCKERFILE_CHECK", "BUILDKIT_INLINE_CACHE", "BUILDKIT_MULTI_PLATFORM",
    "BUILDKIT_SANDBOX_HOSTNAME", "BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE", "BUILDKIT_SYNTAX", "HTTP_PROXY", "SOURCE_DATE_EPOCH", "TARGETPLATFORM",
    "TARGETSTAGE", "BUILDPLATFORM",
)  # fmt: skip
VARIABLES = (
    "BUILDKIT_COLORS", "BUILDKIT_PROGRESS", "BUILDKIT_TTY_LOG_LINES", "BUILDX_GIT_CHECK_DIRTY", "BUILDX_GIT_INFO",
    "BUILDX_GIT_LABELS", "BUILDX_METADATA_PROVENANCE", "BUILDX_METADATA_WARNINGS", "CDI_SPEC_DIRS", "DOCKER_AUTH_CONFIG", "DOCKER_CONFIG", "DOCKER_DEFAULT_PLATFORM",
    "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "NO_COLOR", "PROGRESS_NO_TRUNC", "REGISTRY_AUTH_FILE", "SSH_AUTH_SOCK", "STAGEMILL_CONFIG",
    "STAGEMILL_ROOT", "TTY_DISPLAY_RATE",
)  # fmt: skip
MEANINGLESS = {
    "BUILDX_BUILDER": "there is no builder to choose",
    "BUILDX_CONFIG": "there is no configuration of builders",
    "BUILDX_DEFAULT_POLICY": "no policy is built in; --policy and Dockerfile.rego are all there are",
    "BUILDX_EXPERIMENTAL": "nothing is hidden behind it",
    "BUILDX_NO_DEFAULT_LOAD": "nothing is loaded by default",
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "there are none by default",
    "BUILDX_SEND_GIT_QUERY_AS_INPUT": "it chooses between forms of a request to a daemon",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "nothing is reported to anybody",
    "TRACEPARENT": "nothing is reported to anybody",
}
"""Variables of buildx that mean nothing without a daemon, and why."""


def instructions() -> Iterator[str]:
    yield from sorted(KEYWORDS)


def instruction_flags() -> Iterator[str]:
    for keyword, names in KNOWN.items():
        for name in names:
            yield f"{keyword} --{name}"


def mount_options() -> Iterator[str]:
    for kind, keys in mounts.KEYS.items():
        yield f"RUN --mount=type={kind}"
        for key in sorted(keys - {"type"}):
            yield f"RUN --mount=type={kind},{key}"


def build_flags() -> list[click.Option]:
    return list(options(commands()["build"], hidden=True))


def outputs() -> Iterator[str]:
    for kind in output_flags.OUTPUT_TYPES:
        yield f"--output type={kind}"
    for key in sorted(output_flags.KEYS - {"type"}):
        yield f"--output {key}"


def caches(flag: str, kinds: Mapping[str, set[str]]) -> Iterator[str]:
    for kind in kinds:
        yield f"{flag} type={kind}"
    for key in sorted(set().union(*kinds.values())):
        yield f"{flag} {key}"


def long_name(option: click.Option) -> str:
    return next(name for name in option.opts if name.startswith("--"))


def words() -> dict[str, list[str]]:
    """All of them, below the headings of the page."""
    return {
        "Parser directives": list(DIRECTIVES),
        "Instructions": list(instructions()),
        "Flags of instructions": list(instruction_flags()),
        "Options of RUN --mount": list(mount_options()),
        "Arguments that have a meaning": list(ARGUMENTS),
        "Flags of build": sorted(map(long_name, build_flags())),
        "Keys of --output": list(outputs()),
        "Keys of --cache-from": list(caches("--cache-from", cache_flags.FROM)),
        "Keys of --cache-to": list(caches("--cache-to", cache_flags.TO)),
        "Variables of the environment": list(VARIABLES),
    }


def spellings(word: str) -> list[list[str]]:
    """What a test that proves the word has in its text: all parts of one of these."""
    if word.startswith("RUN --mount="):
        kind, _, key = word.removeprefix("RUN --mount=type=").partition(",")
        if kind == "bind" and key:  # the type that a mount has unless it says another
            return [["--mount", name] for name in _names(key)]
        return [[f"type={kind}", name] for name in _names(key)] if key else [[f"type={kind}"], [f'"{kind}"']]
    if word.startswith(("--output ", "--cache-")) and " " in word:
        return [[word.partition(" ")[2]]]
    if word.startswith("--"):
        found = next(option for option in build_flags() if word in option.opts)
        return [[name] for name in found.opts]
    return [word.split()]


def _names(key: str) -> list[str]:
    return [name for name, meaning in NAMES.items() if meaning == key]
