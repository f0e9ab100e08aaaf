"""`made`: what is kept of a stage so that it can be looked at later as it was made: its steps, its base and its config."""

from __future__ import annotations

from dataclasses import replace

from stagemill.cache.marks import BUILDKIT_INLINE, INLINE
from stagemill.digest import Canonical, Digest
from stagemill.lint.buildkit.secrets_used_in_arg_or_env import is_secret
from stagemill.oci.config import ImageConfig
from stagemill.plan.planner import Plan, Stage

_TAG = 4  # hex digits, which are too few to find a value by
_CACHES = (INLINE, BUILDKIT_INLINE)


def made(stage: Stage, plan: Plan) -> Canonical:
    """`cli.sizing.past` reads it."""
    return {
        "number": stage.index,
        "vertex": stage.vertex.digest,
        "parent": stage.parent,
        "base": stage.base.reference if stage.base else "",
        "manifest": stage.base.manifest if stage.base else "",
        "steps": [[step.text, step.at.line, plan.read_by(step.vertex)] for step in stage.steps],
        "config": hidden(replace(stage.image, history=())).serialize().decode(),
    }


def hidden(config: ImageConfig) -> ImageConfig:
    """Without values of secrets: what stands for one tells whether another is equal; and without inline caches."""
    env = tuple((name, _hidden(name, value) if is_secret(name) else value) for name, value in config.config.env)
    other = {key: value for key, value in config.other.items() if key not in _CACHES}
    return replace(config, config=replace(config.config, env=env), other=other)


def _hidden(name: str, value: str) -> str:
    return f"(hidden, {Digest.of_value([name, value]).hex[:_TAG]})"
