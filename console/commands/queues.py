"""`kashforce pause`, `drain`, `resume`: holds queues and lets them go. What that means: `console.operations.queues`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from console.bootstrap import House, utc_now
from console.commands.ledgering import complain, interruptible, operator, print_json, with_house
from console.exits import Exit
from console.operations import queues


def run_pause(queue: str, *, reason: str, who: str, as_json: bool) -> int:
    """USAGE for a queue that there is not."""

    def work(house: House) -> int:
        held = queues.pause(house.ledger, queue, who=who or operator(), reason=reason, now=utc_now())
        _tell(held, f"{queue} is paused; what is heard for it waits", as_json=as_json)
        return Exit.OK

    return with_house("pause", lambda house: _of_known_queue(house, queue, work))


def run_drain(queue: str, *, reason: str, who: str, wait: bool, as_json: bool) -> int:
    """With `wait`, FINDINGS when it was interrupted before the queue was empty."""

    def work(house: House) -> int:
        held = queues.drain(house.ledger, queue, who=who or operator(), reason=reason, now=utc_now())
        _tell(
            held, f"{queue} drains: what is on it now is worked on, what comes later waits", as_json=as_json
        )
        if not wait:
            return Exit.OK
        with interruptible() as rest:
            is_empty = queues.wait_until_drained(house.ledger, held, rest, _say_left)
        return Exit.OK if is_empty else Exit.FINDINGS

    return with_house("drain", lambda house: _of_known_queue(house, queue, work))


def run_resume(queue: str, *, as_json: bool) -> int:
    """Exit code 0 also when nothing held it."""

    def work(house: House) -> int:
        was_held = queues.resume(house.ledger, queue)
        said = f"{queue} goes on" if was_held else f"nothing held {queue}"
        _tell({"queue": queue, "was_held": was_held}, said, as_json=as_json)
        return Exit.OK

    return with_house("resume", lambda house: _of_known_queue(house, queue, work))


def _of_known_queue(house: House, queue: str, work: Callable[[House], int]) -> int:
    try:
        queues.check_queue(queue, house.queues)
    except queues.NoSuchQueue as error:
        complain(str(error))
        return Exit.USAGE
    return work(house)


def _tell(value: object, said: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        print(said)


def _say_left(left: int) -> None:
    print(f"{left:,} left", file=sys.stderr)
