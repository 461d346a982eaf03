"""An administrator gives Accounts a field that only this firm has, and lets Kashforce map it to a box of KashFlow's customers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors.salesforce.oauth import client_credentials
from connectors.salesforce.org import Org
from connectors.salesforce.transport import OrgSession
from console.operations.custom_fields import custom_fields, write_lines
from mappings.book import load

FIELD = "Sales_Region__c"
#: KashFlow's box of the same name.
BOX = "Sales region"


def add_custom_field(login: Mapping[str, Any], folder: Path, api_version: str) -> None:
    """Make the field in the sandbox's org, and mapping files in `folder` that `kashforce fields Account --write` would make."""
    tokens = client_credentials(login["url"], login["client_id"], login["client_secret"])
    session = OrgSession(tokens, timeout_seconds=10)
    try:
        org = Org(session, api_version=api_version, client_name="Kashforce")
        metadata = {"label": BOX, "type": "Text", "length": 80}
        org.call(
            "POST",
            "tooling/sobjects/CustomField",
            body={"FullName": f"Account.{FIELD}", "Metadata": metadata},
        )
        described = org.call("GET", "sobjects/Account/describe")
    finally:
        session.close()
    folder.mkdir()
    write_lines(folder, custom_fields(load(), "Account", described))
