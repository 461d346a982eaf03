"""What has gone wrong between systems like these before, and which test keeps it from happening here.

The numbers are those of the table of failures in reference lessons.md; the rows that are about later work are not here.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.support.house import ROOT, TEST, read


class Lesson(NamedTuple):
    """What failed elsewhere, in a sentence, and the tests that would fail here."""

    failed: str
    tests: tuple[str, ...]


_GAPS = "journeys/test_gaps_are_filled.py"
_LOST = "journeys/test_a_lost_answer_makes_no_second_record.py"
_ONCE = "journeys/test_a_deal_is_invoiced_once.py"
_SALESFORCE = "journeys/test_salesforce_has_troubles.py"
_WATCHED = "journeys/test_kashflow_is_watched.py"
_BACK = "journeys/test_what_happens_in_kashflow_comes_back.py"
_STREAM_GAPS = "unit/producers/test_stream_gaps.py"
_OPERATIONS = "contract/test_operations_on_deliveries.py"
_TRANSPORT = "unit/connectors/salesforce/test_transport.py"

LESSONS = {
    1: Lesson(
        "A page ended among records of one timestamp, and the rest of them was skipped or read twice.",
        (f"{_GAPS}::test_a_thousand_rows_share_one_systemmodstamp_and_the_page_ends_inside",),
    ),
    2: Lesson(
        "A record that changed several times within the overlap was told as new each time, or its last state was missed.",
        (
            f"{_GAPS}::test_a_record_updated_five_times_within_the_overlap_is_delivered_as_it_is_at_last",
            f"{_ONCE}::test_many_changes_before_the_first_work_are_one_piece_of_work",
        ),
    ),
    3: Lesson(
        "A row showed only after the reading had passed its timestamp.",
        (
            f"{_GAPS}::test_a_row_that_shows_30_seconds_after_its_timestamp_is_not_passed_over",
            "unit/producers/test_sweep_loses_nothing.py::"
            "test_what_a_record_holds_at_last_is_what_was_last_read_for_its_delivery",
        ),
    ),
    4: Lesson(
        "A replay id from before the retention was answered by a jump to the newest event, and nobody was told.",
        (
            f"{_GAPS}::test_a_replay_id_older_than_the_retention_leads_to_a_bounded_read_and_a_note",
            f"{_STREAM_GAPS}::test_an_outage_longer_than_the_retention_is_noted_even_if_the_replay_id_is_accepted",
        ),
    ),
    5: Lesson(
        "A message that could not be decoded was taken for a stale position, and the position was thrown away.",
        (
            f"{_STREAM_GAPS}::test_an_undecodable_event_is_no_lost_position_and_the_stream_goes_on_behind_it",
            "contract/test_cometd_client_against_the_sandbox.py::"
            "test_an_invalid_replay_id_is_told_and_all_that_is_retained_comes",
            "unit/producers/test_malformed_events.py::"
            "test_ten_thousand_malformed_messages_stop_nothing_and_each_leaves_a_trace",
        ),
    ),
    6: Lesson(
        "A subscription was accepted and brought nothing for days, without an error.",
        (
            f"{_STREAM_GAPS}::test_a_subscription_that_is_dead_although_polls_are_answered_is_made_anew",
            f"{_GAPS}::test_changes_that_the_stream_should_have_told_raise_an_incident",
        ),
    ),
    7: Lesson(
        "Gap and overflow events were taken for ordinary ones, or dropped.",
        (
            f"{_STREAM_GAPS}::test_gap_events_lead_to_a_reading_of_the_records_or_of_the_object",
            f"{_GAPS}::test_each_kind_of_gap_is_filled_and_closed",
        ),
    ),
    8: Lesson(
        "The invoice was made, its answer got lost, and it was made again.",
        (
            f"{_LOST}::test_trouble_with_a_post_leaves_one_record_in_the_end",
            "unit/workers/test_any_order.py::test_the_promises_hold_in_any_order_of_events",
        ),
    ),
    9: Lesson(
        "Two orders of one new customer came at once and made two customers.",
        (
            f"{_ONCE}::test_two_deals_of_a_new_account_won_in_the_same_second_make_one_customer",
            f"{_ONCE}::test_two_workers_with_one_deal_each_of_a_new_account_make_one_customer",
        ),
    ),
    10: Lesson(
        "A few bad rows failed the whole call with all the good ones.",
        (f"{_SALESFORCE}::test_three_bad_rows_of_two_hundred_take_no_neighbour_with_them",),
    ),
    11: Lesson(
        "A field that the integration's user may not write failed every record, or was left out of creates in silence.",
        (
            "unit/workers/test_a_field_we_may_not_write.py::"
            "test_it_is_waited_for_and_then_said_by_name_and_nothing_is_left_out_in_silence",
            f"{_SALESFORCE}::test_an_optional_field_that_is_hidden_from_us_is_done_without",
        ),
    ),
    12: Lesson(
        "Rows of a bulk job that were never looked at counted as done.",
        (
            "unit/connectors/salesforce/test_bulk.py::test_results_are_matched_by_key_and_unprocessed_rows_stand_apart",
        ),
    ),
    13: Lesson(
        "Thousands put back at once ran over the limits and each other, and nobody could stop them.",
        (
            f"{_OPERATIONS}::test_ten_thousand_are_requeued_in_steps_that_can_be_ended_and_overtake_no_newer_change",
            f"{_OPERATIONS}::test_a_rate_is_kept_by_small_steps_with_rests_between",
            f"{_OPERATIONS}::test_an_interrupted_requeue_registers_nothing_twice",
        ),
    ),
    14: Lesson(
        "An old failure was repeated after a newer change of its record had gone through, and put the old state back.",
        (
            "contract/test_ledger_deliveries.py::test_a_later_success_ends_the_older_dead_letter_of_its_record",
            "unit/workers/test_any_order.py::test_the_promises_hold_in_any_order_of_events",
        ),
    ),
    15: Lesson(
        "A worker was killed between the API's answer and its own note of it, and the work was done twice.",
        (
            f"{_LOST}::test_a_worker_killed_between_commit_and_settle_leaves_one_invoice_and_its_number_shows",
            "acceptance/test_a_killed_worker_makes_no_second_invoice.py::"
            "test_a_worker_killed_between_kashflows_commit_and_its_own_makes_one_invoice",
        ),
    ),
    16: Lesson(
        "One record that could not be sent stopped all others, or switched the synchronisation off.",
        (
            "journeys/test_the_invoice_says_what_the_deal_says.py::"
            "test_a_rate_that_kashflow_does_not_know_ends_dead_in_plain_words_and_harms_nobody",
            "contract/test_ledger_deliveries.py::test_one_bad_record_ends_dead_and_its_neighbours_are_delivered",
        ),
    ),
    17: Lesson(
        "A person's edit right after our own write was taken for an echo of it.",
        (
            f"{_BACK}::test_a_payment_that_was_taken_while_the_answer_was_on_its_way_is_not_lost",
            f"{_BACK}::test_our_own_write_to_the_opportunity_starts_nothing",
        ),
    ),
    21: Lesson(
        "A token ran out in the middle of a batch; logins then called themselves without end, or a limit was taken for it.",
        (
            "journeys/test_kashflow_has_troubles.py::test_a_session_that_ends_in_the_middle_of_a_batch_is_renewed",
            f"{_TRANSPORT}::test_a_storm_of_401s_ends_after_one_renewal_and_the_next_call_waits",
            f"{_TRANSPORT}::test_a_limit_is_not_mistaken_for_an_expired_session",
        ),
    ),
    22: Lesson(
        "A wrong password was tried until the user was locked.",
        (
            "unit/connectors/kashflow/test_breaker.py::test_wrong_credentials_stay_shut_however_much_time_passes",
            "acceptance/test_up_and_stop.py::"
            "test_a_wrong_kashflow_password_is_tried_once_by_all_processes_together_and_the_status_tells",
        ),
    ),
    23: Lesson(
        "After a pause of days only what was new was processed.",
        (f"{_GAPS}::test_three_days_of_pause_lose_nothing",),
    ),
    25: Lesson(
        "A record that was deleted and came back between two looks, or was deleted here and changed there, confused both.",
        (
            f"{_WATCHED}::test_a_record_that_comes_back_under_its_id_is_news_again",
            f"{_SALESFORCE}::test_an_opportunity_that_was_deleted_before_the_write_back_is_said_to_be_gone",
            f"{_BACK}::test_an_invoice_deleted_in_kashflow_ends_unchanged_with_the_reason",
        ),
    ),
    26: Lesson(
        "A list shows invoices without their lines, and these were taken for empty.",
        (f"{_WATCHED}::test_a_list_page_with_null_lines_never_blanks_an_invoice",),
    ),
    28: Lesson(
        "A full store of errors dropped the oldest, or the newest, without a word.",
        (
            "contract/test_ledger_holds.py::"
            "test_as_many_dead_letters_as_may_be_kept_pause_the_queue_and_none_is_dropped",
        ),
    ),
}


@pytest.mark.parametrize("number", LESSONS)
def test_each_lesson_has_a_test_that_exists(number: int) -> None:
    lost = [one for one in LESSONS[number].tests if not _exists(one)]

    assert lost == [], f"nothing tests any more: {LESSONS[number].failed}"


def _exists(node: str) -> bool:
    name, _, test = node.partition("::")
    path = f"tests/{name}"
    return (ROOT / path).is_file() and test in TEST.findall(read(path))
