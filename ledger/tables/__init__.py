"""The stored shapes of the ledger, table by table; what a row means stands with its table."""

from __future__ import annotations

from ledger.tables.base import Base
from ledger.tables.deliveries import TO_COMPACT, AttemptRow, DeliveryRow
from ledger.tables.links import IntentRow, LinkRow
from ledger.tables.operating import HoldRow, OperationRow
from ledger.tables.producing import CursorRow, IncidentRow, LeaseRow, SightingRow
from ledger.tables.reviews import ReviewRow

__all__ = [
    "TO_COMPACT",
    "AttemptRow",
    "Base",
    "CursorRow",
    "DeliveryRow",
    "HoldRow",
    "IncidentRow",
    "IntentRow",
    "LeaseRow",
    "LinkRow",
    "OperationRow",
    "ReviewRow",
    "SightingRow",
]
