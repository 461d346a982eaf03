"""Dead letters of one cause have one fingerprint, whatever record they are about; those of another cause do not."""

from __future__ import annotations

import pytest

from ledger.endings import Reason
from ledger.fingerprint import fingerprint

REFUSED = Reason(
    "send", "ValidationError", "kashflow: VAT rate 17.5 % of product 'Old stock' is not set up", "Refused"
)


def _of(text: str, queue: str = "kashflow.invoice", **changed: str) -> str:
    values = {"stage": "send", "code": "ValidationError", "error_class": "Refused", **changed}
    return fingerprint(queue, Reason(text=text, **values))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VAT rate 17.5 % is not set up; it has 0, 5, 20", "VAT rate 12 % is not set up; it has 0, 20"),
        ("the Account 001A0000012AbcQAE has no name", "the Account 001B0000034DefQAE has no name"),
        ("'Bright Ltd' is taken", "'Dark & Sons' is taken"),
        ('customer "O1" is archived', 'customer "Tidy Up" is archived'),
        ("no e-mail goes to jo@bright.test", "no e-mail goes to al@dark.test"),
        ("POST /v2/invoices/7 refused", "POST /v2/invoices/8 refused"),
        ("Number  is   missing", "number is missing"),
    ],
)
def test_what_names_the_record_makes_no_difference(one: str, other: str) -> None:
    assert _of(one) == _of(other)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "the period is locked"},
        {"stage": "compare"},
        {"code": "PeriodLocked"},
        {"error_class": "NotAllowed"},
        {"queue": "kashflow.customer"},
    ],
)
def test_another_wording_step_code_class_or_queue_is_another_cause(changed: dict[str, str]) -> None:
    usual = {"text": REFUSED.text}

    assert _of(**usual) != _of(**{**usual, **changed})


def test_it_is_sixteen_letters_that_do_not_change_from_run_to_run() -> None:
    assert fingerprint("kashflow.invoice", Reason("send", "X", "no")) == "79b07adc3155373d"
