"""Which object has which rules: one table."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.salesforce.rules.lines import LineRules
from sandbox.salesforce.rules.opportunity import ContactRoleRules, OpportunityRules
from sandbox.salesforce.rules.orders import OrderItemRules, OrderRules
from sandbox.salesforce.rules.people import NameRules
from sandbox.salesforce.rules.prices import EntryRules, ProductRules
from sandbox.salesforce.rules.rule import Rules

NO_RULES = Rules()

RULES: Mapping[str, Rules] = {
    "Contact": NameRules(),
    "User": NameRules(),
    "Opportunity": OpportunityRules(),
    "OpportunityLineItem": LineRules(),
    "OpportunityContactRole": ContactRoleRules(),
    "Product2": ProductRules(),
    "PricebookEntry": EntryRules(),
    "Order": OrderRules(),
    "OrderItem": OrderItemRules(),
}
