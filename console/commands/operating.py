"""`kashforce operations …`: what people did about many deliveries, and how an interrupted one is carried on."""

from __future__ import annotations

from console.bootstrap import House
from console.commands.ledgering import complain, hands, interruptible, print_json, told, with_house
from console.commands.screen import screen, table
from console.exits import Exit
from console.operations import replay, requeue
from console.operations.carrying import Hands, UnderWay, carry_out
from console.operations.loading import backfill
from console.operations.loading.meaning import NothingToLoad
from ledger import operations
from ledger.deliveries import LAST
from ledger.operations import Operation, Progress


def run_list(*, limit: int, as_json: bool) -> int:
    """Exit code 0 whatever is told."""

    def work(house: House) -> int:
        with house.ledger.reading() as connection:
            found = operations.newest(connection, limit)
        if as_json:
            print_json(found)
        elif found:
            columns = ("id", "what", "state", "who", "why", "begun (UTC)", "dealt with")
            screen().print(table("Operations", columns, [_row(one) for one in found], numbers=1))
        else:
            print("Nobody has replayed, dropped, requeued or loaded anything yet.")
        return Exit.OK

    return with_house("operations", work)


def run_continue(operation_id: int, *, as_json: bool) -> int:
    """As the command that began it; USAGE when there is nothing to go on with."""

    def work(house: House) -> int:
        with house.ledger.reading() as connection:
            operation = operations.find(connection, operation_id)
        if operation is None or operation.state in (Progress.FINISHED, Progress.STOPPED):
            complain(
                f"operation {operation_id} is {operation.state} and cannot go on; begin another"
                if operation
                else f"there is no operation {operation_id}; 'kashforce operations list' shows those there are"
            )
            return Exit.USAGE
        try:
            with interruptible() as wait, hands(house, operation.planned, wait) as ours:
                return told(_carried_on(house, ours, operation), as_json=as_json)
        except (UnderWay, NothingToLoad) as error:
            complain(str(error))
            return Exit.USAGE

    return with_house("operations", work)


def _carried_on(house: House, ours: Hands, operation: Operation) -> Operation:
    if operation.verb == backfill.VERB:
        return backfill.go_on(ours, house.desk(ours.wait, LAST), operation)
    steps = {**replay.STEPS, "requeue": requeue.step(house.book)}
    return carry_out(ours, operation, steps[operation.verb])


def _row(one: Operation) -> tuple[str, ...]:
    why = f"{one.reason} ({one.note})" if one.note else one.reason
    return (
        str(one.id),
        one.verb,
        one.state,
        one.who,
        why,
        f"{one.begun_at:%m-%d %H:%M}",
        f"{one.done:,} of {one.planned:,}",
    )
