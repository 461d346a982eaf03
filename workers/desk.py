"""What a worker works with: everything it needs, handed in by the bootstrap. Constructs nothing."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from connectors.kashflow.client import KashFlowClient
from connectors.meter import Meter
from connectors.salesforce.rest import SalesforceClient
from ledger.deliveries import Waiting
from ledger.ledger import Ledger
from mappings.book import Book
from mappings.context import Context
from workers.rules import Rules


@dataclass(frozen=True)
class Desk:
    """The tools of one worker process; all of them safe to share between its threads."""

    ledger: Ledger
    book: Book
    salesforce: SalesforceClient
    kashflow: KashFlowClient
    salesforce_meter: Meter
    kashflow_meter: Meter
    #: What mappings need to know of the accounts, such as the VAT rates that KashFlow has set up. May call KashFlow.
    context: Callable[[], Context]
    #: The field names of a Salesforce object as our user sees them. May call Salesforce.
    fields: Callable[[str], frozenset[str]]
    #: Says that these deliveries wait. Never raises: what it cannot say, the sweeper says later.
    announce: Callable[[Waiting], None]
    #: Rests for so many seconds; answers true when the process was told to stop, and then at once.
    wait: Callable[[float], bool]
    #: The time in UTC.
    clock: Callable[[], datetime]
    rules: Rules = field(default_factory=Rules)
    rng: random.Random = field(default_factory=random.Random)
    #: Held by the thread whose batch is a big one.
    big_batch: threading.Lock = field(default_factory=threading.Lock)
    #: When each queue was last found to hold too little for a big batch.
    small_since: dict[str, datetime] = field(default_factory=dict)
