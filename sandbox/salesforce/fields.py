"""What one field and one object are: the nouns of the schema. Their catalogue is schema.py, their data objects/*.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXT_TYPES = frozenset(
    {"string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox"}
)
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})


@dataclass(frozen=True)
class Field:
    """One field by its API name, with the facts that describe tells (reference salesforce.md section 3.9)."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    createable: bool = True
    updateable: bool = True
    default: Any = None
    values: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: str = ""
    relationship: str = ""
    #: Name of this relationship seen from the parent ("Contacts"), "" when it has none.
    children: str = ""
    #: True when deleting the parent deletes this record too.
    cascade: bool = False
    compound: str = ""
    auto_number: str = ""
    calculated: bool = False
    custom: bool = False
    #: Field-level security: nobody sees it until it is granted.
    hidden: bool = False

    @property
    def is_text(self) -> bool:
        return self.type in TEXT_TYPES

    @property
    def is_number(self) -> bool:
        return self.type in NUMBER_TYPES

    @property
    def defaulted(self) -> bool:
        return self.default is not None or self.type == "boolean"


@dataclass
class Entity:
    """One object. `fields` is keyed by API name, in describe order; look up by any case with `field`."""

    name: str
    label: str
    plural: str
    prefix: str
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    #: "data", "event" (platform event) or "tooling".
    kind: str = "data"
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def custom(self) -> bool:
        return self.name.endswith(("__c", "__e"))

    @property
    def name_field(self) -> str:
        """The field that users know records by, "" for objects without one."""
        for candidate in ("Name", "OrderNumber", "OrderItemNumber", "MasterLabel"):
            if candidate in self.fields:
                return candidate
        return ""

    def field(self, name: str) -> Field | None:
        found = self.fields.get(name)
        if found is None:
            wanted = name.lower()
            found = next((each for key, each in self.fields.items() if key.lower() == wanted), None)
        return found

    def reference_by_relationship(self, relationship: str) -> Field | None:
        """The lookup field behind `Account` or `Invoice__r`."""
        wanted = relationship.lower()
        return next((each for each in self.fields.values() if each.relationship.lower() == wanted), None)


@dataclass(frozen=True)
class ChildRelationship:
    """A parent's view of one lookup: `name` is the relationship ("Contacts"), "" when it cannot be queried."""

    child: str
    field: str
    name: str
    cascade: bool


def field_from(name: str, facts: Mapping[str, Any], *, custom: bool) -> Field:
    """A Field from its entry in objects/*.yaml; ValueError names the field and the unknown fact."""
    known = set(Field.__dataclass_fields__) | {"readonly", "createonly"}
    unknown = set(facts) - known
    if unknown:
        raise ValueError(f"field {name}: unknown facts {sorted(unknown)}; known are {sorted(known)}")
    values = dict(facts)
    if values.pop("readonly", False):
        values["createable"] = values["updateable"] = False
    if values.pop("createonly", False):
        values["updateable"] = False
    values["values"] = tuple(values.get("values", ()))
    values.setdefault("label", label_of(name))
    if values["type"] == "reference":
        values.setdefault(
            "relationship", name.removesuffix("__c") + "__r" if custom else name.removesuffix("Id")
        )
        values["length"] = 18
    if values["type"] == "currency":
        values.setdefault("precision", 18)
        values.setdefault("scale", 2)
    return Field(name=name, custom=custom, **values)


def label_of(name: str) -> str:
    """`BillingCity` → `Billing City`, `Due_Date__c` → `Due Date`, `AccountId` → `Account ID`."""
    text = name.removesuffix("__c").removesuffix("__e").replace("_", " ")
    spaced = "".join(
        f" {char}" if char.isupper() and index and text[index - 1].islower() else char
        for index, char in enumerate(text)
    )
    return spaced.removesuffix(" Id") + (" ID" if spaced.endswith(" Id") else "")
