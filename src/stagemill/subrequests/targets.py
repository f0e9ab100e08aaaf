"""The stages of a Dockerfile that can be built, with what the comments above them say. Source: BuildKit, subrequests/targets."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Dockerfile
from stagemill.subrequests import form
from stagemill.subrequests.form import Value
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A stage. `name` is in lower case, empty where there is none; `base` and `platform` are as written."""

    name: str
    description: str
    base: str
    platform: str
    span: Span
    default: bool


def targets(dockerfile: Dockerfile) -> tuple[Target, ...]:
    """In the order of the file; the last one is the default."""
    return tuple(_targets(dockerfile))


def text(found: tuple[Target, ...]) -> str:
    return form.table([("TARGET", "DESCRIPTION"), *((_title(one), one.description) for one in found)], padding=1)


def json(found: tuple[Target, ...], dockerfile: Dockerfile) -> str:
    listed: list[Value] = [_facts(target) for target in found]
    return form.document({"targets": listed, "sources": [form.data(dockerfile.source)]})


def _targets(dockerfile: Dockerfile) -> Iterator[Target]:
    stages = dockerfile.stages()
    for number, (start, _) in enumerate(stages, 1):
        name = start.name.text.lower() if start.name else ""
        yield Target(
            name=name,
            description=form.comment(start.comments, name),
            base=start.image.text,
            platform=start.platform.text if start.platform else "",
            span=start.span,
            default=number == len(stages),
        )


def _title(target: Target) -> str:
    if not target.default:
        return target.name
    return f"{target.name} (default)" if target.name else "(default)"


def _facts(target: Target) -> Value:
    return form.present(
        {
            "name": target.name,
            "default": target.default,
            "description": target.description,
            "base": target.base,
            "platform": target.platform,
            "location": form.location(target.span),
        }
    )
