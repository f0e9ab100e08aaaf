"""`Dynamic`: what a program or library names for the loader, read by pyelftools. Source: elf(5)."""

from __future__ import annotations

from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from elftools.elf.segments import InterpSegment

from stagemill.errors import StagemillError
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Dynamic:
    """`interpreter` and `libraries` are empty for a static program. `search` has DT_RPATH and DT_RUNPATH as they are written."""

    interpreter: str = ""
    libraries: tuple[str, ...] = ()
    search: tuple[str, ...] = ()


def read(place: Path) -> Dynamic:
    """What a file that begins as a program says. Raises StagemillError where it is broken."""
    with place.open("rb") as file:
        try:
            return _read(ELFFile(file))
        except ELFError as error:
            raise StagemillError(f"{place.name} is a broken program: {error}", hint="build it again") from error


def symbols(place: Path) -> frozenset[str]:
    """The names of functions that a program has, where they were not stripped from it. Raises StagemillError where it is broken."""
    with place.open("rb") as file:
        try:
            section = ELFFile(file).get_section_by_name(".symtab")
            if not isinstance(section, SymbolTableSection):
                return frozenset()
            return frozenset(
                symbol.name for symbol in section.iter_symbols() if symbol.entry.st_info.type == "STT_FUNC"
            )
        except ELFError as error:
            raise StagemillError(f"{place.name} is a broken program: {error}", hint="build it again") from error


def _read(elf: ELFFile) -> Dynamic:
    interpreter = ""
    libraries: list[str] = []
    search: list[str] = []
    for segment in elf.iter_segments():
        if isinstance(segment, InterpSegment):
            interpreter = str(segment.get_interp_name())
        elif isinstance(segment, DynamicSegment):
            for tag in segment.iter_tags():
                match tag.entry.d_tag:
                    case "DT_NEEDED":
                        libraries.append(str(getattr(tag, "needed", "")))
                    case "DT_RPATH":
                        search += str(getattr(tag, "rpath", "")).split(":")
                    case "DT_RUNPATH":
                        search += str(getattr(tag, "runpath", "")).split(":")
    return Dynamic(interpreter, tuple(libraries), tuple(filter(None, search)))
