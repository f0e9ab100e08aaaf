"""`Evidence`: what is said of a result, where no image has it in its index: in files of its own, and as referrers in registries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from stagemill.attest.manifest import Referrer, referrer
from stagemill.attest.statement import Subject, subjects_of
from stagemill.attest.wanted import StatementFile
from stagemill.build import Built
from stagemill.cli.given.output_flags import Output
from stagemill.cli.results.assembly import Assembly
from stagemill.cli.results.exports import write_atomically
from stagemill.cli.results.outputs import Wishes
from stagemill.cli.results.witness import Witness
from stagemill.errors import UsageError
from stagemill.events import Listener
from stagemill.execute.referring import Referring
from stagemill.export.beside import of_platform
from stagemill.export.split import folder
from stagemill.files.walk import walk
from stagemill.oci.document import JsonObject, whole
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, runnable
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

_LIST = "sbom"


@dataclass(frozen=True, slots=True)
class Evidence:
    """`builds` are of one target, one for each platform, `images` what they become."""

    builds: Sequence[Built]
    wishes: Wishes
    images: Assembly
    witness: Witness
    listener: Listener

    def deliver(self, step: Callable[[str], AbstractContextManager[None]]) -> None:
        """Files are written; what was pushed has its referrers. Raises StagemillError."""
        for file in self.wishes.attest.files:
            with step(f"writing {file.path}"):
                for number, built in enumerate(self.builds):
                    self._write(file, number, built)
        if self.witness.wanted.place == "referrers" and self.witness.speaks(inline=True):
            for output in self.wishes.outputs:
                if output.push:
                    self._refer(output)

    def records(self, image: AnyImage) -> Mapping[str, JsonObject]:
        """How each platform's image was made, for who wants to know it in the file of digests."""
        how = self.wishes.provenance_in_metadata
        if not self.wishes.metadata_file or how == "disabled":
            return {}
        made = zip(self.builds, runnable(image), strict=False)
        records = {str(built.plan.platform): self.witness.record(built, one) for built, one in made}
        left_out = {"buildConfig", "metadata"} if how == "min" else set()
        return {
            platform: {key: value for key, value in record.items() if key not in left_out}
            for platform, record in records.items()
            if record
        }

    def _write(self, file: StatementFile, number: int, built: Built) -> None:
        """A list as it is, for who reads lists; provenance as a statement, which says of what."""
        image = self._image(number)
        for said in self.witness.of_file(file.kind, number, built, image):
            path = Path(file.path)
            name = _of_list(path.name, said.file) if file.kind != "provenance" else path.name
            place = path.with_name(of_platform(name, folder(built.plan.platform) if self.wishes.index else ""))
            if file.kind == "provenance":
                data = said.statement(self._subjects(built, image), indent=2)
            else:
                data = whole(json.dumps(said.predicate, indent=2, ensure_ascii=False)).encode()
            write_atomically(place, data + b"\n")

    def _image(self, number: int) -> Image | None:
        """That of one of the builds, where anybody wants one."""
        if not self.wishes.wants_image:
            return None
        return runnable(self.images.of(self.wishes.main, self.wishes.names, stored=True))[number]

    def _subjects(self, built: Built, image: Image | None) -> tuple[Subject, ...]:
        """The image by its names, else the files of the result."""
        if image is not None:
            return subjects_of(self.wishes.names, image.digest, built.plan.platform)
        view = built.forms.view(built.tree(built.plan.target))
        return tuple(Subject(path, view.digest(path)) for path, entry in walk(view) if entry.kind == "file")

    def _refer(self, output: Output) -> None:
        names = output.names or self.wishes.tags
        services = self.builds[0].services
        where = services.repository(insecure=output.insecure)
        referring = Referring(where, services.store.lock, self.listener, services.clock)
        said = list(self._referrers(output, names))
        for name in names:
            referring.send(said, Reference.parse(name))

    def _referrers(self, output: Output, names: Sequence[str]) -> Iterator[Referrer]:
        images = runnable(self.images.of(output, names, stored=True))
        for number, (built, image) in enumerate(zip(self.builds, images, strict=True)):
            about = subjects_of(names, image.digest, built.plan.platform)
            for said in self.witness.attestations(number, built, image, inline=True):
                yield referrer(image, said, subjects=about)


def check_referrers(wishes: Wishes) -> None:
    """Raises UsageError where there will be nothing that they could refer to."""
    if not any(output.push for output in wishes.outputs):
        hint = "add --push, or leave --attest-as out to have what is said in the image's index"
        raise UsageError("--attest-as=referrers: referrers lie in a registry, and nothing is pushed", hint=hint)


def _of_list(name: str, file: str) -> str:
    """The name of a list's file: that of another stage's list has the stage in it, as the list's own name has."""
    more = file.removeprefix(_LIST).removesuffix(".json").removesuffix(".spdx").removesuffix(".cdx")
    stem, dot, ending = name.partition(".")
    return f"{stem}{more}{dot}{ending}"
