"""`kashforce explain`: prints the story of one record. What is told: `console.operations.explain`."""

from __future__ import annotations

from console.bootstrap import House, utc_now
from console.commands.ledgering import complain, print_json, with_house
from console.exits import Exit
from console.operations.explain import Explained, Unknown, explain


def run_explain(subject: str, *, as_json: bool) -> int:
    """FINDINGS when the ledger has never heard of it."""

    def work(house: House) -> int:
        try:
            told = explain(house.ledger, subject, utc_now())
        except Unknown as error:
            complain(str(error))
            return Exit.FINDINGS
        if as_json:
            print_json(told)
        else:
            print(_drawn(told))
        return Exit.OK

    return with_house("explain", work)


def _drawn(told: Explained) -> str:
    lines = [f"The story of {told.subject}; times are UTC", ""]
    day = ""
    for line in told.lines:
        if (its_day := f"{line.at:%A %d %B %Y}") != day:
            day = its_day
            lines.append(day)
        lines.append(f"  {line.at:%H:%M:%S}  {line.text}")
    lines += ["", *(told.now or ("Nothing is left to do.",))]
    return "\n".join(lines)
