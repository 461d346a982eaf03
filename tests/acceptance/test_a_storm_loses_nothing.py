"""A storm of a minute over a whole installation: kills and faults strike while people change things, and all is right in the end."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.run import Size, run
from tests.chaos.storm import Kill

#: `make chaos` plays a longer one, with every kill and every fault.
SHORT = Size(seconds=32, seed=7, changes=400, kills=8, faults=6)


def test_after_a_short_storm_nothing_is_lost_or_doubled_or_wrong_and_every_dead_letter_has_its_cause(
    tmp_path: Path,
) -> None:
    outcome = run(SHORT, tmp_path, say=lambda _: None)

    assert outcome.verdict is not None
    assert outcome.verdict.findings == []
    assert outcome.unsettled == ""
    assert outcome.too_little == "", "a storm in which nothing strikes proves nothing"
    # One of each kind: servers and processes, with those that lead.
    assert len(outcome.kills) == len(Kill)
    assert outcome.verdict.invoices > 0
