"""What a RUN may only have where the command line allows it: the host's network, no walls, devices.

Source: BuildKit, util/entitlements; for devices, frontend/dockerfile/instructions/commands_rundevice.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Flag, Run
from stagemill.errors import DockerfileError
from stagemill.graph import operations
from stagemill.plan.site import Site

INSECURE = "security.insecure"
HOST_NETWORK = "network.host"
DEVICE = "device"
_TRUE = {"1", "t", "true"}
_FALSE = {"0", "f", "false"}


def network(node: Run, site: Site) -> operations.Network:
    """The parser knows no other values than default, none and host."""
    if node.network is None or node.network.value == "default":
        return site.request.network
    if node.network.value == "none":
        return "none"
    if HOST_NETWORK not in site.request.allow:
        raise _not_allowed(HOST_NETWORK, node.network.span, site)
    return "host"


def security(node: Run, site: Site) -> operations.Security:
    if node.security is None or node.security.value == "sandbox":
        return "sandbox"
    if INSECURE not in site.request.allow:
        hint = f"build with --allow {INSECURE} if you trust what runs here as you trust root"
        raise site.error(f"{INSECURE} is not allowed", node.security.span, hint=hint)
    return "insecure"


def _not_allowed(name: str, span: Span, site: Site) -> DockerfileError:
    return site.error(f"{name} is not allowed", span, hint=f"build with --allow {name}")


def device(flag: Flag, site: Site) -> tuple[str, bool]:
    """The device's name, and whether it must be there. Raises DockerfileError."""
    asked, required = _parsed(flag, site)
    name = aliases(site.request.allow).get(asked, asked)
    devices = site.request.devices
    free = devices.is_free(name) if devices else None
    if free is None and required:
        hint = devices.advice() if devices else "this command knows no devices"
        raise site.error(f"there is no device {name} on this machine", flag.value_span, hint=hint)
    kind = name.partition("=")[0]
    allowed = {DEVICE, f"{DEVICE}={name}", f"{DEVICE}={kind}"}
    if free is False and name == asked and site.request.allow.isdisjoint(allowed):
        raise _not_allowed(f"{DEVICE}={name}", flag.span, site)
    return name, required


def aliases(allow: Iterable[str]) -> dict[str, str]:
    """The devices by the names that Dockerfiles may have for them: `device=NAME,alias=OTHER`."""
    pairs = (text.removeprefix(f"{DEVICE}=").rsplit(",alias=", 1) for text in allow if ",alias=" in text)
    return {other: name for name, other in pairs}


def _parsed(flag: Flag, site: Site) -> tuple[str, bool]:
    """`NAME[,required[=BOOL]]` or `name=NAME,…`; a name may have a `=` in it."""
    import csv  # noqa: PLC0415  few RUNs ask for a device
    import io  # noqa: PLC0415

    name, required = "", False
    try:
        fields = next(csv.reader(io.StringIO(flag.value or ""), strict=True), [])
    except csv.Error as error:
        raise site.error(f"invalid --device: {error}", flag.value_span) from error
    for field in fields:
        key, equals, value = field.partition("=")
        key = key.lower()
        if key == "required":
            if equals and value.lower() not in _TRUE | _FALSE:
                raise site.error(f"invalid value for required: {value!r}", flag.value_span, hint="it is true or false")
            required = not equals or value.lower() in _TRUE
        elif key == "name" and equals and not name:
            name = value
        elif not name:
            name = field
        else:
            near = nearest(key, ["name", "required"])
            hint = f"did you mean {near}?" if near else "write --device=NAME or --device=NAME,required"
            raise site.error(f"unexpected {field!r} in --device", flag.value_span, hint=hint)
    if not name:
        raise site.error("--device needs a name", flag.span, hint="write --device=vendor.com/class=name")
    return name, required
