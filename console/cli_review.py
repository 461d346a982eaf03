"""The part of the command line for questions that only a person can decide. What the commands do stands elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

review_app = typer.Typer(help="Questions that only a person can decide.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ReviewId = Annotated[int, typer.Argument(metavar="ID", help="As 'review list' shows it.")]


@review_app.command("list", epilog="Example: kashforce review list --json")
def review_list(
    everything: Annotated[
        bool, typer.Option("--all", help="Those that were carried out or withdrawn, too.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what waits for a decision, longest first: matches, merges, conflicts, quarrels, credits."""
    from console.commands.review import run_list

    raise SystemExit(run_list(everything=everything, limit=limit, as_json=as_json))


@review_app.command("show", epilog="Example: kashforce review show 12")
def review_show(review: ReviewId, as_json: AsJson = False) -> None:
    """Show one question with both sides side by side, and what may be answered."""
    from console.commands.review import run_show

    raise SystemExit(run_show(review, as_json=as_json))


@review_app.command("decide", epilog="Example: kashforce review decide 12 kashflow --reason 'asked them'")
def review_decide(
    review: ReviewId,
    answer: Annotated[str, typer.Argument(help="One of those that 'review show' offers.")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept for the record.")] = "",
    who: Annotated[str, typer.Option(help="Who decided it; default: the user at this terminal.")] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the decision back, if it was not carried out yet.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Decide a question. Its delivery runs again and makes use of the answer; until then --undo takes it back."""
    from console.commands.review import run_decide, run_undo

    if undo:
        raise SystemExit(run_undo(review, as_json=as_json))
    raise SystemExit(run_decide(review, answer, reason=reason, who=who, as_json=as_json))
