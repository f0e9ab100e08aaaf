"""`DeviceBook`: the devices that this machine offers to containers, by the files that describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # few builds ask for a device
    from stagemill.execute.cdi import Device, Edits


class DeviceBook:
    """Reads the files of some directories when it is first asked; a later directory wins over an earlier one."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = directories

    def is_free(self, name: str, /) -> bool | None:
        """Whether anybody may have the device without being allowed to; None where there is no such device."""
        found = self._named(name)
        return all(device.free for device in found) if found else None

    def edits(self, name: str) -> Edits | None:
        """What the device adds, or None where there is none. Raises StagemillError for a file that is wrong."""
        found = [device.edits for device in self._named(name)]
        return sum(found[1:], found[0]) if found else None

    def advice(self) -> str:
        """What to do where a device is missing."""
        if self._found:
            return f"there are {', '.join(sorted(self._found))}"
        return f"describe it in a JSON or YAML file in {' or '.join(map(str, self._directories))}"

    def _named(self, name: str) -> list[Device]:
        """`kind=name`, `kind=*`, `kind` for its first one, or a class."""
        devices = self._found
        if name in devices:
            return [devices[name]]
        kind, _, which = name.partition("=")
        of_kind = [device for full, device in sorted(devices.items()) if full.partition("=")[0] == kind]
        if which == "*":
            return of_kind
        if which:
            return []
        return of_kind[:1] or [device for _, device in sorted(devices.items()) if device.group == name]

    @cached_property
    def _found(self) -> Mapping[str, Device]:
        from stagemill.execute.cdi import SUFFIXES, devices  # noqa: PLC0415  as above

        found: dict[str, Device] = {}
        for directory in self._directories:
            for path in sorted(directory.glob("*")):
                if path.suffix in SUFFIXES:
                    found.update((device.name, device) for device in devices(path))
        return found
