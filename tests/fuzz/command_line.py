"""The values of the command line's flags, each given to what reads it. They have no zero bytes: the kernel ends them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fuzz.outcomes import outcome
from stagemill.attest.wanted import Wanted
from stagemill.cli.container import mounts, ports, settings
from stagemill.cli.given import cache_flags, every_run, flags, output_flags, secrets
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.listing.filters import ImageFilters
from stagemill.cli.listing.form import Form
from stagemill.cli.making.call import Call
from stagemill.cli.progress.colours import Palette
from stagemill.cli.results import targets
from stagemill.context.named import NamedContexts
from stagemill.errors import StagemillError
from stagemill.registry.proxies import Proxies

_ENVIRONMENT = {"A": "1", "TOKEN": "secret", "SSH_AUTH_SOCK": "/nosuch/agent"}
_ROWS = ({"ID": "sha256:1", "Names": "a, b", "Size": "1kB"}, {"ID": "", "Names": "x", "Size": "<&>"})


def _several(parse: Callable[[Sequence[str]], object]) -> Callable[[str], None]:
    def check(text: str) -> None:
        outcome(lambda: parse([text]))

    return check


def _one(parse: Callable[[str], object]) -> Callable[[str], None]:
    def check(text: str) -> None:
        outcome(lambda: parse(text))

    return check


def _wanted(text: str) -> None:
    outcome(lambda: Wanted.parse([text], provenance=None, sbom=None, build_args={}))
    outcome(lambda: Wanted.parse([], provenance=text, sbom=text, build_args={}))


def _form(text: str) -> None:
    form = outcome(lambda: Form.parse(text, default="{{.ID}}"))
    if not isinstance(form, StagemillError):
        outcome(lambda: form.printed(_ROWS, {name: name.upper() for name in _ROWS[0]}))


def _filters(text: str) -> None:
    found = outcome(lambda: ImageFilters.parse([text], created=lambda _: 1.0, now=2.0))
    if not isinstance(found, StagemillError):
        found.names(["docker.io/library/a:latest", "localhost:5000/b/c:1"])


def _proxies(text: str) -> None:
    found = Proxies.of({"http_proxy": text, "no_proxy": text})
    found.for_url("http://example.com/x")


CHECKS: Mapping[str, Callable[[str], None]] = {
    "secret": _several(lambda texts: secrets.secrets(texts, _ENVIRONMENT)),
    "ssh": _several(lambda texts: secrets.agents(texts, _ENVIRONMENT)),
    "allow": _several(secrets.allowed),
    "output": _one(output_flags.Output.parse),
    "build-context": _several(NamedContexts.parse),
    "add-host": _several(flags.extra_hosts),
    "build-arg": _several(lambda texts: flags.build_args(texts, _ENVIRONMENT)),
    "label": _several(flags.labels),
    "target": _several(targets.parse),
    "no-cache-filter": _several(flags.stage_names),
    "network": _one(flags.network),
    "call": _one(Call.parse),
    "annotation": _several(Annotations.parse),
    "cache-from": _several(cache_flags.caches_from),
    "cache-to": _several(cache_flags.caches_to),
    "attest": _wanted,
    "ulimit": _several(every_run.ulimits),
    "volume": _one(every_run.volume),
    "cap-add": _several(lambda texts: every_run.capabilities(texts, texts)),
    "run mount": _one(mounts.mount),
    "run tmpfs": _one(mounts.tmpfs),
    "run network": _one(settings.network),
    "publish": _several(lambda texts: ports.check_ports(texts, "host")),
    "format": _form,
    "filter": _filters,
    "proxies": _proxies,
    "colours": _one(lambda text: Palette.of({"BUILDKIT_COLORS": text})),
}
