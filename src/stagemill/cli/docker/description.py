"""`describe`: an image as `docker inspect` has it, for JSON and for templates. Source: moby's api/types/image, InspectResponse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from stagemill.cli.named import kept
from stagemill.cli.named.kept import Kept
from stagemill.oci.config import RunConfig
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex, identity
from stagemill.template.values import NilList, NilMap, Struct, Value

# What Docker's types have where an image says nothing. All of it is left out of JSON then.
_CONFIG: Mapping[str, Value] = {
    "User": "", "ExposedPorts": NilMap(), "Env": NilList(), "Entrypoint": NilList(), "Cmd": NilList(),
    "Volumes": NilMap(), "WorkingDir": "", "Labels": NilMap(), "StopSignal": "", "ArgsEscaped": False,
    "Healthcheck": None, "OnBuild": NilList(), "Shell": NilList(),
}  # fmt: skip
_HEALTHCHECK: Mapping[str, Value] = {
    "Test": NilList(), "Interval": 0, "Timeout": 0, "StartPeriod": 0, "StartInterval": 0, "Retries": 0,
}  # fmt: skip


def describe(kept_as: Kept, image: Image, item: AnyImage | None = None) -> Struct:
    """What is known of an image, with its names; with an index that it is in, `item`, whose names they are."""
    whole = item or image
    config = image.config
    platform = config.platform
    given = datetime.fromtimestamp(kept_as.given, UTC).isoformat().replace("+00:00", "Z")
    return Struct(
        {
            "Id": identity(whole),
            "RepoTags": kept.repo_tags(kept_as.names),
            "RepoDigests": kept.repo_digests(kept_as.names, kept_as.descriptor.digest),
            "Parent": "",
            "Comment": config.history[-1].comment if config.history else "",
            "Created": config.created,
            "DockerVersion": "",
            "Author": config.author,
            "Config": describe_config(config.config),
            "Architecture": platform.architecture,
            "Variant": platform.variant,
            "Os": platform.os,
            "OsVersion": platform.os_version,
            "Size": kept.size(image),
            "RootFS": Struct({"Type": "layers", "Layers": list(config.diff_ids)}),
            "Metadata": Struct({"LastTagTime": given}),
            "Descriptor": whole.descriptor.to_json(),
            "Manifests": [entry.to_json() for entry in whole.index.manifests]
            if isinstance(whole, ImageIndex)
            else NilList(),
        },
        omitted=("Variant", "OsVersion", "Manifests"),
    )


def describe_config(config: RunConfig) -> Struct:
    """How a container of the image is started; what it says beyond Docker's fields comes after them."""
    said: dict[str, Value] = dict(config.to_json())
    for name in ("ExposedPorts", "Volumes"):
        paths = said.get(name)
        if isinstance(paths, Mapping):
            said[name] = {path: Struct({}) for path in paths}
    check = said.get("Healthcheck")
    if isinstance(check, Mapping):
        said["Healthcheck"] = Struct({**_HEALTHCHECK, **check}, omitted=_HEALTHCHECK)
    return Struct({**_CONFIG, **said}, omitted=_CONFIG)
