"""Which fields of a Salesforce object one query has to bring; the query's text is made in `soql`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mappings.bench import Use
from mappings.conditions import Condition
from mappings.relations import Relation

#: Objects, each with a field of it.
Way = tuple[tuple[str, str], ...]
#: Salesforce's time of the last change of a record.
STAMP = "SystemModstamp"


@dataclass(frozen=True)
class Children:
    """The fields wanted of each child record, and which children."""

    fields: tuple[str, ...]
    where: Condition | None = None
    order: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True)
class FieldPlan:
    """What to ask of `entity`. Fields of parents are dotted paths; `children` are by relationship name."""

    entity: str
    fields: tuple[str, ...] = ("Id",)
    children: Mapping[str, Children] = field(default_factory=dict)
    #: For each field that an organisation may lack, as `Account.Terms__c`: the objects and fields to look for, from the
    #: custom lookups on the way to the field itself.
    optional: Mapping[str, Way] = field(default_factory=dict)

    def objects(self) -> frozenset[str]:
        """The objects that must be described to know which optional fields are there."""
        return frozenset(name for way in self.optional.values() for name, _ in way)

    def missing(self, described: Mapping[str, Collection[str]]) -> frozenset[str]:
        """The optional fields that are not among the field names that describe gave for each object."""
        return frozenset(
            path
            for path, way in self.optional.items()
            if any(wanted not in described.get(name, ()) for name, wanted in way)
        )

    def stamped(self) -> FieldPlan:
        """The same with the time at which each record changed last, and with the id of each."""
        children = {
            name: replace(child, fields=_once(("Id", *child.fields, STAMP)))
            for name, child in self.children.items()
        }
        return replace(self, fields=_once((*self.fields, STAMP)), children=children)

    def joined(self, other: FieldPlan) -> FieldPlan:
        """One plan that brings what both need of the same object.

        Raises ValueError for another object, or for children that the two narrow differently.
        """
        if other.entity != self.entity:
            raise ValueError(f"a query of {self.entity} cannot bring fields of {other.entity}")
        children = dict(self.children)
        for name, theirs in other.children.items():
            ours = children.get(name, replace(theirs, fields=()))
            if replace(ours, fields=()) != replace(theirs, fields=()):
                raise ValueError(f"{name} is narrowed or ordered in two ways")
            children[name] = replace(theirs, fields=_once((*ours.fields, *theirs.fields)))
        # A field that one side cannot do without is not optional.
        certain = _certain(self) | _certain(other)
        optional = {
            path: at for path, at in {**self.optional, **other.optional}.items() if path not in certain
        }
        return FieldPlan(self.entity, _once((*self.fields, *other.fields)), children, optional)


def plan(entity: str, relations: Mapping[str, Relation], uses: Iterable[Use]) -> FieldPlan:
    """The plan that brings every field in `uses`."""
    fields = ["Id"]
    children: dict[str, list[str]] = {}
    optional: dict[str, Way] = {}
    certain: set[str] = set()
    for use in uses:
        names = use.path.names()
        path, first = ".".join(names), relations.get(names[0])
        if path in relations:
            continue
        if first is not None and first.many:
            children.setdefault(names[0], []).append(".".join(names[1:]))
        else:
            fields.append(path)
        if use.optional:
            optional[path] = _way(entity, relations, names)
        else:
            certain.add(path)
    return FieldPlan(
        entity,
        _once(fields),
        {name: _children(relations[name], wanted) for name, wanted in children.items()},
        {path: at for path, at in optional.items() if path not in certain},
    )


def _way(entity: str, relations: Mapping[str, Relation], names: Sequence[str]) -> Way:
    """The custom lookups on the path, then the field; those that every organisation has need no look."""
    here, way = entity, list[tuple[str, str]]()
    for number, name in enumerate(names[:-1], start=1):
        relation = relations[".".join(names[:number])]
        if name.endswith("__r") and not relation.many:
            way.append((here, f"{name.removesuffix('__r')}__c"))
        here = relation.object
    return (*way, (here, names[-1]))


def _children(relation: Relation, fields: Iterable[str]) -> Children:
    return Children(_once(fields), relation.where, relation.order, relation.limit)


def _certain(one: FieldPlan) -> set[str]:
    wanted = {
        *one.fields,
        *(f"{name}.{path}" for name, child in one.children.items() for path in child.fields),
    }
    return wanted - one.optional.keys()


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
