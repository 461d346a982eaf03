"""All mapping files, read and checked as one when a process starts: what loads here works, or says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yaml.nodes import Node

from canonical.change import Source
from mappings.document import Document
from mappings.flows import Flow, flows_of
from mappings.mappingfile import mapping_of
from mappings.places import Countries, countries
from mappings.problems import BookRefused, Fault
from mappings.recordmapping import RecordMapping

_SYSTEMS: Final[tuple[Source, ...]] = ("salesforce", "kashflow")
_SINGLE = ("flows.yaml", "countries.yaml")


@dataclass(frozen=True)
class Book:
    """The mappings by name (`salesforce/opportunity`) and the flows that use them."""

    mappings: Mapping[str, RecordMapping]
    flows: tuple[Flow, ...]

    def mapping(self, name: str) -> RecordMapping:
        """The mapping called `name`; KeyError when there is none."""
        return self.mappings[name]

    def flow(self, name: str) -> Flow:
        """The flow called `name`; KeyError when there is none."""
        for flow in self.flows:
            if flow.name == name:
                return flow
        raise KeyError(name)

    def flows_for(self, source: str, entity: str) -> tuple[Flow, ...]:
        """The flows that start from that object, those of priority 0 first."""
        return tuple(flow for flow in self.flows if (flow.source, flow.source_entity) == (source, entity))


@dataclass(frozen=True)
class _File:
    """A mapping file; `shown` is how a fault names it."""

    path: Path
    shown: str


def load(folder: Path | None = None) -> Book:
    """The packaged files; each file that `folder` has under the same name takes the place of the packaged one.

    A folder may hold further mappings too. Raises BookRefused with every fault found, each with file and line.
    """
    faults: list[Fault] = []
    files = _packaged() | (_brought(folder, faults) if folder is not None else {})
    places = _countries(files.pop("countries.yaml"), faults)
    flows_file = files.pop("flows.yaml")
    mappings: dict[str, RecordMapping] = {}
    for key, file in files.items():
        mapping = _mapping(key.removesuffix(".yaml"), file, places, faults)
        if mapping is not None:
            mappings[mapping.name] = mapping
    flows = _flows(flows_file, mappings, places, faults)
    if faults:
        raise BookRefused(faults)
    return Book(mappings, flows)


def file_text(name: str, folder: Path | None = None) -> str:
    """The text of a mapping file such as `salesforce/account.yaml`: that of `folder` where it has one, else ours."""
    own = folder / name if folder is not None else None
    path = own if own is not None and own.is_file() else Path(__file__).parent / name
    return path.read_text(encoding="utf-8")


def _packaged() -> dict[str, _File]:
    here = Path(__file__).parent
    keys = (path.relative_to(here).as_posix() for path in here.rglob("*.yaml"))
    return {key: _File(here / key, f"mappings/{key}") for key in sorted(keys)}


def _brought(folder: Path, faults: list[Fault]) -> dict[str, _File]:
    """The files of the user's folder; one that would never be used is a fault, because it was meant to be."""
    if not folder.is_dir():
        faults.append(Fault(str(folder), 0, "is not a folder; expected the folder of your mapping files"))
        return {}
    found: dict[str, _File] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".yaml", ".yml"):
            continue
        key = path.relative_to(folder).as_posix()
        if key in _SINGLE or (
            path.suffix == ".yaml" and path.parent.parent == folder and path.parent.name in _SYSTEMS
        ):
            found[key] = _File(path, str(path))
        else:
            expected = " or ".join((*_SINGLE, *(f"{system}/NAME.yaml" for system in _SYSTEMS)))
            faults.append(Fault(str(path), 0, f"would never be read; expected {expected}"))
    return found


def _parsed(file: _File) -> tuple[Document, Node | None]:
    document = Document(file.shown)
    try:
        return document, document.parse(file.path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        document.faults.append(Fault(file.shown, 0, f"cannot be read: {error}"))
        return document, None


def _countries(file: _File, faults: list[Fault]) -> Countries:
    document, root = _parsed(file)
    found = Countries({}, frozenset())
    if root is not None:
        with document.gathering():
            found = countries(root)
    faults += document.faults
    return found


def _mapping(name: str, file: _File, places: Countries, faults: list[Fault]) -> RecordMapping | None:
    document, root = _parsed(file)
    system = next(one for one in _SYSTEMS if name.startswith(f"{one}/"))
    found = mapping_of(root, document, name, system, places) if root is not None else None
    faults += document.faults
    return found


def _flows(
    file: _File, mappings: Mapping[str, RecordMapping], places: Countries, faults: list[Fault]
) -> tuple[Flow, ...]:
    document, root = _parsed(file)
    found = flows_of(root, document, mappings, places) if root is not None else ()
    faults += document.faults
    return found
