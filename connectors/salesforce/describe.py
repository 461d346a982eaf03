"""What the org says about its objects, kept until the org says that it changed."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from connectors.salesforce.org import Org, Record, object_of
from connectors.salesforce.paths import segment


@dataclass(frozen=True)
class _Kept:
    last_modified: str
    description: Record


class Descriptions:
    """Descriptions by address. Each question is one API call, but an unchanged answer comes as an empty 304.

    The dictionaries are shared between callers: read them, do not change them.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def of(self, entity: str) -> Record:
        """Flags, `fields`, `childRelationships` of one object. Fields hidden from us are missing from it."""
        return self._ask(f"sobjects/{segment(entity)}/describe")

    def of_all(self) -> Record:
        """The list of objects (`sobjects`) with their flags."""
        return self._ask("sobjects")

    def _ask(self, path: str) -> Record:
        with self._lock:
            kept = self._kept.get(path)
        response = self._org.exchange(
            "GET", path, headers={"If-Modified-Since": kept.last_modified} if kept else {}
        )
        if kept and response.status_code == 304:
            return kept.description
        description = object_of(response)
        last_modified = response.headers.get("Last-Modified")
        if last_modified:
            with self._lock:
                self._kept[path] = _Kept(last_modified, description)
        return description
