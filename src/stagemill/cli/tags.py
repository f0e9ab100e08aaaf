"""`stagemill tags`: which tags a repository has in its registry."""

from __future__ import annotations

import json

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options
from stagemill.errors import UsageError
from stagemill.oci.reference import Reference

_EXAMPLES = examples(
    {
        "stagemill tags debian": "of a repository at docker.io",
        "stagemill tags --json registry.example:5000/team/app": "for programs",
    }
)


@with_options(access.options())
@click.command("tags", cls=Command, epilog=_EXAMPLES)
@click.argument("name", metavar="REPOSITORY")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the repository, and its tags.")
def command(*, name: str, as_json: bool, **given: object) -> None:
    """List the tags of a repository, all of them, sorted. The registry itself is asked, not its mirrors."""
    reference = flags.reference(name.removeprefix("docker://"))
    repository = Reference(reference.registry, reference.repository)
    if not flags.is_repository(name):
        raise UsageError(f"{name} is no repository but an image", hint=f"write {repository.familiar}")
    with access.client(Access.of(Values(given), host=reference.registry)) as client:
        tags = client.tags(reference)
    if as_json:
        print(json.dumps({"repository": str(repository), "tags": tags}, indent=2))
    else:
        print(*tags, sep="\n", end="\n" if tags else "")
