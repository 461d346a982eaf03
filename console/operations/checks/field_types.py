"""The custom fields that the packaged mappings write, and what Setup calls their types. docs/salesforce-objects.md lists them
by object."""

from __future__ import annotations

from collections.abc import Mapping

_MONEY = "Currency(16, 2)"

FIELD_TYPES: Mapping[str, str] = {
    # What an Opportunity and an Order show of their invoice.
    "KashFlow_Invoice_Number__c": "Text(20)",
    "KashFlow_Invoice_Id__c": "Text(20)",
    "KashFlow_Invoice_Status__c": "Text(40)",
    "KashFlow_Net__c": _MONEY,
    "KashFlow_VAT__c": _MONEY,
    "KashFlow_Gross__c": _MONEY,
    "KashFlow_Due__c": _MONEY,
    "KashFlow_Paid__c": _MONEY,
    "KashFlow_Invoice_Date__c": "Date",
    "KashFlow_Due_Date__c": "Date",
    "KashFlow_Paid_Date__c": "Date",
    "KashFlow_Invoice_Url__c": "URL",
    # What an Account shows of its customer.
    "KashFlow_Archived__c": "Checkbox",
    "ExternalID__c": "Text(64), External ID, Unique",
    "Payment_Terms_Days__c": "Number(3, 0)",
    # What a Product2 shows of its product.
    "KashFlow_Nominal_Code__c": "Text(20)",
    "KashFlow_Stock__c": "Number(14, 2)",
    # Every object of our own, and Product2: by this its records are upserted.
    "KashFlow_Id__c": "Text(40), unique, external ID",
    # Relationships.
    "Account__c": "Lookup(Account)",
    "Opportunity__c": "Lookup(Opportunity)",
    "Order__c": "Lookup(Order)",
    "Invoice__c": "Lookup(Invoice__c), or Master-Detail on lines",
    "Purchase__c": "Lookup(Purchase__c), or Master-Detail on lines",
    "Supplier__c": "Lookup(Supplier__c)",
    "Bank_Account__c": "Lookup(Bank_Account__c)",
    # Money.
    "Amount__c": _MONEY,
    "Balance__c": _MONEY,
    "Net__c": _MONEY,
    "VAT__c": _MONEY,
    "Gross__c": _MONEY,
    "Paid__c": _MONEY,
    "Due__c": _MONEY,
    "Rate__c": _MONEY,
    "Quantity__c": "Number(14, 2)",
    "VAT_Rate__c": "Percent(3, 2)",
    # Days.
    "Invoice_Date__c": "Date",
    "Purchase_Date__c": "Date",
    "Payment_Date__c": "Date",
    "Transaction_Date__c": "Date",
    "Due_Date__c": "Date",
    "Paid_Date__c": "Date",
    # Words.
    "Status__c": "Picklist or Text(40)",
    "Type__c": "Picklist or Text(40)",
    "Method__c": "Picklist or Text(40)",
    "Code__c": "Text(40), unique, external ID",
    "Customer_Reference__c": "Text(80)",
    "Supplier_Reference__c": "Text(80)",
    "Supplier_Name__c": "Text(255)",
    "Reference__c": "Text(80)",
    "Note__c": "Text(255)",
    "Description__c": "Long Text Area",
    "Nominal_Code__c": "Text(20)",
    "Document_Number__c": "Text(20)",
    "Party__c": "Text(255)",
    "Contact__c": "Text(255)",
    "Email__c": "Email",
    "Phone__c": "Phone",
    "VAT_Number__c": "Text(40)",
    "Address__c": "Long Text Area",
    "Url__c": "URL",
    # Yes or no.
    "Is_Default__c": "Checkbox",
    "Is_Archived__c": "Checkbox",
    "Is_Matched__c": "Checkbox",
    "Is_Reconciled__c": "Checkbox",
}
