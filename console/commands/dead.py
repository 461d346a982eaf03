"""`kashforce dead …`: prints dead letters and what is done about them. What is told: `console.operations.dead`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.table import Table

from console.bootstrap import House
from console.commands.ledgering import (
    Decision,
    complain,
    decided,
    operator,
    print_json,
    selection_of,
    with_house,
)
from console.commands.screen import screen, table
from console.exits import Exit
from console.operations import replay
from console.operations.carrying import Hands
from console.operations.dead import (
    Cause,
    DeadLetter,
    Found,
    FullStory,
    NotDead,
    causes,
    dead_letter,
    dead_letters_of,
)
from ledger.operations import Operation
from ledger.selection import Selection


def run_list(words: Sequence[str], *, limit: int, before: int, as_json: bool) -> int:
    """Exit code 0 whatever is told; USAGE for a filter that means nothing."""

    def tell(house: House, selection: Selection) -> None:
        found = dead_letters_of(house.ledger, selection, limit=limit, before_id=before)
        if as_json:
            print_json(found)
        elif found.letters:
            screen().print(_listed(found))
            _say_how_to_go_on(found)
        else:
            print(_nothing(selection))

    return _choosing(words, tell)


def run_groups(words: Sequence[str], *, limit: int, as_json: bool) -> int:
    """Exit code 0 whatever is told; USAGE for a filter that means nothing."""

    def tell(house: House, selection: Selection) -> None:
        found = causes(house.ledger, selection, limit=limit)
        if as_json:
            print_json(found)
        elif found:
            screen().print(_grouped(found))
        else:
            print(_nothing(selection))

    return _choosing(words, tell)


def _choosing(words: Sequence[str], tell: Callable[[House, Selection], None]) -> int:
    selection = selection_of(words)
    if selection is None:
        return Exit.USAGE

    def work(house: House) -> int:
        tell(house, selection)
        return Exit.OK

    return with_house("dead", work)


def _nothing(selection: Selection) -> str:
    return "No dead letters." if selection == Selection() else f"No dead letter fits {selection.in_words}."


def run_show(delivery_id: int, *, as_json: bool) -> int:
    """USAGE when there is no such dead letter."""

    def work(house: House) -> int:
        try:
            story = dead_letter(house.ledger, delivery_id)
        except NotDead as error:
            complain(str(error))
            return Exit.USAGE
        if as_json:
            print_json(story)
        else:
            print(_shown(story))
        return Exit.OK

    return with_house("dead", work)


def run_replay(decision: Decision) -> int:
    """FINDINGS when the operation did not come to its end; USAGE when it was not begun."""
    return _move("replay", decision)


def run_drop(decision: Decision) -> int:
    """As `run_replay`."""
    return _move("drop", decision)


def _move(verb: replay.Verb, decision: Decision) -> int:
    selection = decision.chosen()
    if selection is None:
        return Exit.USAGE

    def start(ours: Hands) -> Operation:
        who, reason = decision.who or operator(), decision.reason
        return replay.start(ours, verb, selection, who=who, reason=reason, pace=decision.pace)

    return with_house(
        "dead",
        lambda house: decided(house, decision, replay.plan(house.ledger, house.book, verb, selection), start),
    )


def _listed(found: Found) -> Table:
    rows = [
        (
            str(one.id),
            one.queue,
            one.record_id,
            f"{one.stage} {one.code}: {one.text}",
            f"{one.died_at:%m-%d %H:%M}" if one.died_at else "",
            str(one.attempts),
            _amount(one),
        )
        for one in found.letters
    ]
    shown = (
        f"{len(found.letters):,} of {found.total:,}"
        if found.total > len(found.letters)
        else f"{found.total:,}"
    )
    columns = ("id", "queue", "record", "why", "died (UTC)", "tries", "at risk")
    return table(f"Dead letters, {shown}", columns, rows, numbers=2)


def _say_how_to_go_on(found: Found) -> None:
    if found.total > len(found.letters):
        print(f"older ones: --before {found.letters[-1].id}")


def _grouped(found: tuple[Cause, ...]) -> Table:
    rows = [
        (
            one.fingerprint,
            one.queue,
            f"{one.stage} {one.code}: {one.text}",
            f"{one.first_at:%m-%d %H:%M}",
            f"{one.last_at:%m-%d %H:%M}",
            f"{one.count:,}",
            _amount(one),
        )
        for one in found
    ]
    columns = ("cause", "queue", "why, such as", "first (UTC)", "last", "count", "at risk")
    return table("Dead letters by cause", columns, rows, numbers=2)


def _amount(one: DeadLetter | Cause) -> str:
    return "" if one.at_risk is None else f"{one.at_risk} {one.currency}".rstrip()


def _shown(story: FullStory) -> str:
    letter = story.letter
    lines = [
        f"Dead letter {letter.id} on {letter.queue}: {letter.entity} {letter.record_id}, by flow {letter.flow}",
        f"  {letter.text}",
        f"  stage {letter.stage}, code {letter.code}, class {letter.error_class or 'none'}, cause {letter.fingerprint}",
    ]
    if amount := _amount(letter):
        lines.append(f"  at risk: {amount}")
    for attempt in story.attempts:
        where = f" at {attempt.stage}" if attempt.stage else ""
        lines += ["", f"{attempt.ended_at:%Y-%m-%d %H:%M:%S} UTC {attempt.ending}{where}: {attempt.note}"]
        for name, text in (("sent", attempt.request), ("answered", attempt.answer)):
            if text:
                lines += [f"  {name}:", *(f"    {line}" for line in text.splitlines())]
    lines += ["", f"mend the cause, then: kashforce dead replay id:{letter.id} --reason '…'"]
    return "\n".join(lines)
