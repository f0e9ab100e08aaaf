"""`document`: the graph of a build as JSON, with all that later tells why a step ran; values of secrets are not in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from stagemill.cli.journal.made import made
from stagemill.digest import Canonical, Digest, canonical
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import redacted
from stagemill.graph.operations import BaseImage, Copy, Git, Http, Operation
from stagemill.graph.sealing import sealed_pair
from stagemill.graph.vertex import Vertex, walk
from stagemill.lint.buildkit.secrets_used_in_arg_or_env import is_secret
from stagemill.oci.reference import Reference
from stagemill.plan.planner import Plan, Stage


def document(plans: Sequence[Plan], dockerfile: Dockerfile, rules: Sequence[str]) -> str:
    """`rules` are the lines of the context's ignore file."""
    planned = {(stage.index, stage.platform): (stage, plan) for plan in plans for stage in plan.stages}
    stages = [planned[key] for key in sorted(planned, key=lambda key: key[0])]
    created = {stage.base.manifest: stage.base.config.created for stage, _ in stages if stage.base is not None}
    goals = [vertex for plan in plans for vertex in plan.goals]
    vertices = tuple(walk(goals, plans[-1].order))
    owners = {vertex.digest: vertex.label.stage for vertex in vertices}
    titles = {stage.index: stage.title for stage, _ in stages}
    whole: Canonical = {
        "file": redacted(dockerfile.source.name),
        "source": dockerfile.source.text,
        "ignore": list(rules),
        "globals": {name: _value(name, value) for name, value in plans[-1].globals.items()},
        "stages": [
            {**_stage(stage, dockerfile, titles=titles, owners=owners), "made": made(stage, plan)}
            for stage, plan in stages
        ],
        "steps": [_step(vertex, dockerfile, created) for vertex in vertices],
    }
    return canonical(whole).decode("utf-8", "surrogateescape")


def _stage(
    stage: Stage, dockerfile: Dockerfile, *, titles: Mapping[int, str], owners: Mapping[Digest, str]
) -> dict[str, Canonical]:
    """A step that another stage has too stands once among the steps, under the other one's name: `shared` has its place here."""
    shared = [step for step in stage.steps if owners.get(step.vertex.digest, stage.title) != stage.title]
    return {
        "title": stage.title,
        "line": dockerfile.stages()[stage.index][0].span.line,
        "args": list(stage.scope.args),
        "ref": _familiar(stage.base.reference) if stage.base else "",
        "begins": dockerfile.stages()[stage.index][0].image.text,
        "values": {name: _value(name, value) for name, value in stage.scope.values.items()},
        **({"parent": titles[stage.parent]} if stage.parent is not None else {}),
        **({"shared": [[step.vertex.digest, step.at.line] for step in shared]} if shared else {}),
    }


def _value(name: str, value: str) -> Canonical:
    """A secret's value is not kept: what stands for it tells whether another one is equal."""
    return sealed_pair(name, value) if is_secret(name) else value


def _step(vertex: Vertex, dockerfile: Dockerfile, created: Mapping[Digest, str]) -> Canonical:
    label, op = vertex.label, vertex.op
    facts: dict[str, Canonical] = {
        "digest": vertex.digest,
        "op": _sealed(op),
        "inputs": [[edge.vertex.digest, edge.select is not None] for edge in vertex.inputs],
        "name": label.name,
        "stage": label.stage,
        "line": label.at.line if label.at and label.at.file == dockerfile.source.name else 0,
    }
    if isinstance(op, BaseImage):
        facts |= {"ref": _familiar(op.reference), "created": created.get(op.manifest, "")}
    elif isinstance(op, Http):
        facts["ref"] = redacted(op.url)
    elif isinstance(op, Git):
        facts["ref"] = redacted(op.remote)
    return {name: fact for name, fact in facts.items() if fact not in ("", 0)}


def _familiar(reference: str) -> str:
    try:
        return Reference.parse(reference).familiar
    except ValueError:
        return reference


def _sealed(op: Operation) -> Canonical:
    """The canonical form, without values of secrets, and with digests of the texts of heredocs, which may hold some."""
    value: Canonical = json.loads(canonical(op.canonical()).decode("utf-8", "surrogateescape"))
    assert isinstance(value, dict)
    if isinstance(op, Copy) and op.files:
        value["files"] = [[file.name, sealed_pair(file.name, file.content)] for file in op.files]
    if isinstance(env := value.get("env"), list):
        value["env"] = list(_environment(env))
    return value


def _environment(env: Sequence[Canonical]) -> Iterator[Canonical]:
    for pair in env:
        match pair:
            case [str(name), str(text)]:
                yield [name, _value(name, text)]
