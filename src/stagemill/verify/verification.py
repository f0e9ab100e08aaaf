"""`Verification`: a build and what it is compared with: another one, or an image that is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stagemill.errors import CancelledError, StagemillError
from stagemill.execute.cache import StoreCache
from stagemill.execute.tree import Tree
from stagemill.graph.vertex import Vertex
from stagemill.layer.index import LayerIndex
from stagemill.plan.planner import Plan
from stagemill.store.store import Store
from stagemill.values import dataclass
from stagemill.verify.attempt import Attempt, only_image
from stagemill.verify.compare import compare
from stagemill.verify.difference import Differences
from stagemill.verify.origin import Origins
from stagemill.verify.pair import Circumstances
from stagemill.verify.side import Side
from stagemill.verify.today import Suspect, suspects
from stagemill.verify.twice import Twice, failed


@dataclass(frozen=True, slots=True)
class Found:
    """The digests of both manifests, as text, what differs, and what is the same today only."""

    one: str
    other: str
    differences: Differences
    suspects: tuple[Suspect, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """`scratch` is an empty directory on the store's file system; `say` hears what is begun."""

    plan: Plan
    twice: Twice
    scratch: Path
    clock: Callable[[], float]
    wait: Callable[[float], None]
    say: Callable[[str], None]

    def again(self) -> Found:
        """Builds twice. Raises StagemillError where a build fails."""
        first, built = self._first("the first build")
        self.twice.pause(built.finished, clock=self.clock, wait=self.wait)
        self.say("the second build")
        with self.twice.second(self.scratch / "other") as second:
            built_again = self._run(second, "the second build")
            with (
                first.result(self.plan.platform) as one,
                second.result(self.plan.platform) as other,
            ):
                return self._compared(
                    first,
                    Side(only_image(one), one.blobs, built),
                    Side(only_image(other), other.blobs, built_again),
                )

    def beside(self, image: Side) -> Found:
        """Builds once, and compares with the image."""
        first, built = self._first("the build")
        with first.result(self.plan.platform) as one:
            return self._compared(first, Side(only_image(one), one.blobs, built), image)

    def _first(self, which: str) -> tuple[Attempt, Circumstances]:
        self.say(which)
        attempt = self.twice.first(self.scratch / "one")
        return attempt, self._run(attempt, which)

    def _run(self, attempt: Attempt, which: str) -> Circumstances:
        try:
            return attempt.run(self.clock)
        except CancelledError:
            raise
        except StagemillError as error:
            raise failed(error, which, self.twice.variations()) from error

    def _compared(self, first: Attempt, one: Side, other: Side) -> Found:
        place = self.scratch / "bytes"
        place.mkdir()
        with Store.open(first.store) as store:
            origins = Origins(self.plan, len(one.image.manifest.layers), _Written(store, self.clock).by)
            found = compare(one, other, scratch=place, places=origins)
            told = {(each.layer, each.path) for each in found.files}
            dated = suspects(one, origins, epoch=self.plan.epoch) if other.built else ()
            rest = tuple(each for each in dated if (each.layer, each.path) not in told)
        return Found(str(one.image.digest), str(other.image.digest), found, rest)


class _Written:
    """What steps wrote, in the store of the build that made them."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._cache = StoreCache(store, clock=clock, contents={})

    def by(self, vertex: Vertex) -> LayerIndex | None:
        hit = self._cache.load(vertex.digest)
        tree = hit.result if hit else None
        layer = tree.layers[-1] if isinstance(tree, Tree) and tree.layers else None
        home = self._store.home(layer.digest) if layer and layer.form == "layer" else None
        return LayerIndex.parse(self._store.layers.index(home)) if home else None
