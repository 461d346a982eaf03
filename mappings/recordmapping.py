"""One mapping, ready for use: a foreign record becomes a noun of ours, a noun becomes a foreign payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import ValidationError

from canonical.change import Source
from canonical.shape import Noun
from mappings.context import Context, Scope
from mappings.fit import KeyedRowsFit, WholeRowsFit
from mappings.nouns import NounKind
from mappings.plan import FieldPlan
from mappings.problems import MappingProblem
from mappings.relations import Relation
from mappings.sections import Section

Direction = Literal["read", "write"]


@dataclass(frozen=True)
class RecordMapping:
    """What a mapping file says, compiled. Pure: same record and context, same result."""

    #: `salesforce/opportunity`: folder and file.
    name: str
    system: Source
    #: The foreign object, such as `Opportunity` or `Invoice`.
    entity: str
    kind: NounKind
    plan: FieldPlan
    reading: Section | None
    writing: Section | None
    #: The unique external id by which its records are upserted; blank where only known records are written.
    key: str = ""
    #: The relations that `write` fills beside the record's own fields.
    written: Mapping[str, Relation] = field(default_factory=dict)

    def can(self, direction: Direction) -> bool:
        """Has the file that section?"""
        return (self.reading if direction == "read" else self.writing) is not None

    def fields(self) -> FieldPlan:
        """What a query must bring for `read`, and for comparing with what `write` gives."""
        return self.plan

    def field_for(self, ours: str, direction: Direction) -> str:
        """The field of the other system that shows our field `ours`, such as `Net__c` of `net`; blank where none does."""
        if direction == "read":
            return self._section("read", self.reading).sources.get(ours, "")
        sources = self._section("write", self.writing).sources.items()
        return next((theirs for theirs, source in sources if source == ours), "")

    def read(self, record: Mapping[str, object], context: Context) -> Noun:
        """The noun that `record` stands for, of the class `kind.noun`.

        Numbers in the record are Decimal, int or text. Raises MappingProblem when a value cannot be translated or
        the noun refuses it.
        """
        section = self._section("read", self.reading)
        item = record if isinstance(record, dict) else dict(record)
        values = section.build(Scope(item, item, context))
        try:
            return self.kind.make(values)
        except ValidationError as error:
            raise _problem(error, section, self.kind.noun.__name__) from None

    def write(self, model: Noun, context: Context) -> dict[str, object]:
        """The payload that says `model` in the other system's words: text, Decimals, ints, flags, None, and lists
        and dicts of them. Raises MappingProblem when a value cannot be translated.
        """
        section = self._section("write", self.writing)
        if not isinstance(model, self.kind.noun):
            raise TypeError(f"{self.name} writes {self.kind.noun.__name__}, not {type(model).__name__}")
        values = model.model_dump()
        return section.build(Scope(values, values, context))

    def difference(
        self, payload: Mapping[str, object], present: Mapping[str, object]
    ) -> dict[str, tuple[object, object]]:
        """The fields of `payload` that would change `present`, each with the present and the wanted value.

        Empty means: nothing to write. Compared by meaning: 100 is 100.0000, None is "", a date is its day.
        """
        return self._section("write", self.writing).fit.differences(present, payload)

    def row_difference(
        self, list_name: str, row: Mapping[str, object], present: Mapping[str, object]
    ) -> dict[str, tuple[object, object]]:
        """As `difference`, for one row of a list that `write` fills; what the file does not fill is not compared."""
        fit = self._section("write", self.writing).fit.fields[list_name]
        if not isinstance(fit, WholeRowsFit | KeyedRowsFit):
            raise TypeError(f"{list_name} is no list")
        filled = {name: value for name, value in row.items() if name in fit.row.fields}
        return fit.row.differences(present, filled)

    def overlay(self, payload: Mapping[str, object], present: Mapping[str, object]) -> dict[str, object]:
        """`present` with `payload` laid over it: the body of a PUT that replaces the whole record (reference
        kashflow.md section 2.9). What a file marks `create_only` stays as it is present.
        """
        return self._section("write", self.writing).fit.laid(present, payload)

    def _section(self, direction: Direction, section: Section | None) -> Section:
        if section is None:
            raise TypeError(f"{self.name} has no {direction} section")
        return section


def _problem(error: ValidationError, section: Section, noun: str) -> MappingProblem:
    """What a noun refused, in terms of the fields that the values came from."""
    said, first = [], ""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    for one in errors:
        if any(
            len(other["loc"]) > len(one["loc"]) and other["loc"][: len(one["loc"])] == one["loc"]
            for other in errors
        ):
            continue  # a list is only refused because of what is in it
        names = tuple(part for part in one["loc"] if isinstance(part, str))
        label = section.labels.get(names) or ".".join(map(str, one["loc"])) or noun
        first = first or label
        said.append(f"{label}: {_reason(one['type'], one['msg'])}")
    return MappingProblem(first, "; ".join(said))


def _reason(kind: str, message: str) -> str:
    if kind in ("missing", "string_too_short"):
        return "is blank, and must not be"
    return message.removeprefix("Value error, ")
