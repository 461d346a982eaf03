"""The wire to KashFlow: REST v2 with its two-step session. These names are all that other rooms use."""

from connectors.kashflow.breaker import BreakerMemory, LoginBreaker, ProcessMemory
from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.credentials import KashFlowCredentials
from connectors.kashflow.paging import Walk
from connectors.kashflow.patience import HURRIED, PATIENT, Patience
from connectors.kashflow.reading import Page, Row
from connectors.kashflow.values import read_date, read_decimal, write_date

__all__ = [
    "HURRIED",
    "PATIENT",
    "BreakerMemory",
    "KashFlowClient",
    "KashFlowCredentials",
    "LoginBreaker",
    "Page",
    "Patience",
    "ProcessMemory",
    "Row",
    "Walk",
    "read_date",
    "read_decimal",
    "write_date",
]
