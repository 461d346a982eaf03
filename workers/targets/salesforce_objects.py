"""Records of Salesforce objects that mirror KashFlow: upserted by a unique external id, with the rows below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from connectors.errors import ConnectorError, NotFound
from connectors.kashflow.records import RECORDS
from ledger.deliveries import Settlement
from ledger.endings import ENDED, Delivered, Reason, Unchanged
from mappings.flows import Flow
from mappings.recordmapping import RecordMapping
from workers.classify import ending_of_each, may_be_one_records_fault
from workers.desk import Desk
from workers.prerequisite import since, wait_for
from workers.targets.recordset import Changes, One, RecordSet, changes, nothing, wanted
from workers.targets.salesforce_present import known_parents, parents, present
from workers.targets.salesforce_writing import written
from workers.work import Progress, Work, known


class SalesforceObjects:
    """An upsert by a unique external id is idempotent, so a lost answer is simply asked again, and no intent is needed."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """Nothing to find: the external id names the record."""
        yield from works

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        mapping, flow = desk.book.mapping(works[0].flow.writes), works[0].flow
        yield from _what_goes(desk, mapping, [work for work in works if work.gone])
        works = [work for work in works if not work.gone]
        sets = [wanted(mapping, known(work.payload, "the payload"), desk.fields) for work in works]
        there = known_parents(desk, mapping, sets, flow.priority)
        ready: list[tuple[Work, RecordSet]] = []
        for work, one in zip(works, sets, strict=True):
            waiting = _wait_for_parent(desk, work, mapping, one, there)
            if waiting is None:
                ready.append((work, replace(_with_known_parents(one, there), adopts=work.may_be_made)))
            else:
                yield waiting
        found = present(desk, mapping, (one for _, one in ready), flow.priority)
        for work, one in ready:
            yield _what_changes(work, changes(mapping, one, found))

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """A call that is refused as a whole is sent again in halves, until the culprit is alone."""
        mapping, priority = desk.book.mapping(works[0].flow.writes), works[0].flow.priority
        try:
            errors = written(desk, mapping.key, [_changes(work) for work in works], priority)
        except ConnectorError as error:
            if len(works) > 1 and may_be_one_records_fault(error):
                middle = len(works) // 2
                yield from self.send(desk, works[:middle])
                yield from self.send(desk, works[middle:])
            else:
                yield from (work.ends(ending_of_each(error, work.delivery, "send", desk)) for work in works)
            return
        for work, failed in zip(works, errors, strict=True):
            if failed is None:
                yield work.ends(Delivered(_note(mapping, _changes(work))))
            else:
                yield work.ends(ending_of_each(failed, work.delivery, "send", desk))


def lacking(desk: Desk, flow: Flow) -> str:
    """Why nothing of `flow` can be written to this org; blank where something can. May call Salesforce.

    An org need not have an object: whoever does not want its records does without, and nothing is wrong then.
    """
    if not flow.key:
        return ""
    mapping = desk.book.mapping(flow.writes)
    objects = [mapping.entity, *(one.object for one in mapping.written.values() if one.many)]
    if any(flow.key in desk.fields(name) for name in objects):
        return ""
    return (
        f"Salesforce has no {' and no '.join(objects)} with the field {flow.key}, or does not show it to us; "
        "`kashforce doctor` says what to create"
    )


def _changes(work: Work) -> Changes:
    found = known(work.changes, "what changes")
    if not isinstance(found, Changes):
        raise TypeError(f"{type(found).__name__} is no Changes")
    return found


def _what_changes(work: Work, found: Changes) -> Progress:
    if not found:
        return work.ends(Unchanged(Reason("compare", "same_values", "Salesforce holds these values already")))
    return replace(work, changes=found)


def _what_goes(desk: Desk, mapping: RecordMapping, works: list[Work]) -> Iterator[Progress]:
    """Works whose record KashFlow no longer has, with all that shows it: what is below goes first."""
    sets = [nothing(mapping, work.delivery.record_id, desk.fields) for work in works]
    found = present(desk, mapping, sets, works[0].flow.priority) if works else None
    for work, one in zip(works, sets, strict=True):
        going = changes(mapping, one, known(found, "what is there"))
        text = f"{work.absence.text}, and nothing shows it"
        yield replace(work, changes=going) if going else work.ends(Unchanged(Reason("compare", "gone", text)))


def _wait_for_parent(
    desk: Desk, work: Work, mapping: RecordMapping, wants: RecordSet, there: Mapping[str, set[str]]
) -> Settlement | None:
    """The parent that the flow needs is brought first, if Salesforce can have it and KashFlow does."""
    if not work.flow.needs:
        return None
    flow = desk.book.flow(work.flow.needs)
    for relationship, reference in (entry for one in wants.ones for entry in parents(one)):
        for key in map(str, reference.values()):
            is_there = key in there.get(relationship, set())
            if mapping.written[relationship].object == flow.target_object and not is_there:
                return None if lacking(desk, flow) else _bring(desk, work, flow, key)
    return None


def _bring(desk: Desk, work: Work, flow: Flow, key: str) -> Settlement | None:
    """None where it was brought just now and is not shown yet, or where KashFlow does not have it."""
    records = RECORDS[flow.source_entity]
    try:
        row = desk.kashflow_meter.call(lambda: records.read(desk.kashflow, key), priority=work.flow.priority)
    except NotFound:
        return None
    brought = since(desk, work, flow, flow.source_entity, records.identity(row))
    if brought is not None and brought.state in ENDED:
        return None
    what = f"the {flow.source_entity} {key} that it belongs to"
    return wait_for(desk, work, flow, records.identity(row), what=what, hint={"key": key})


def _with_known_parents(wants: RecordSet, there: Mapping[str, set[str]]) -> RecordSet:
    """Without references that Salesforce could not resolve: it would refuse the whole record."""
    return replace(wants, ones=tuple(_with_known(one, there) for one in wants.ones))


def _with_known(one: One, there: Mapping[str, set[str]]) -> One:
    unknown = {
        name
        for name, reference in parents(one)
        if not all(str(value) in there.get(name, set()) for value in reference.values())
    }
    return replace(one, fields={name: value for name, value in one.fields.items() if name not in unknown})


def _note(mapping: RecordMapping, found: Changes) -> str:
    said = []
    if found.main is not None:
        verb = f"changed {', '.join(sorted(found.main.fields))} of" if found.main.id else "made"
        said.append(f"{verb} {mapping.entity} {found.main.one.key}")
    said += [f"wrote {count} {name}" for name, count in Counter(w.one.object for w in found.below).items()]
    said += [f"removed {count} {name}" for name, count in Counter(name for name, _ in found.surplus).items()]
    return ", ".join(said)
