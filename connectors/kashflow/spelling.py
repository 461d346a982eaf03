"""How each field of a KashFlow row is called here, however an answer spells it (reference section 3, quirk 9)."""

from __future__ import annotations

#: The spellings that the mappings and the workers use; reference sections 2.3 and 3.1 to 3.12.
_NAMES = """
    AccountId AccountName AdditionalFieldValue Address Addresses Amount ApplyWithholdingTax Archived AutoFillLineItem
    AutomaticCreditControlEnabled AutoIncludeVATNumber AverageDaysToPay Balance BankBalance BankTransactionId BFSTransactionId
    BulkId BulkPaymentNumber ClosingBalance Code Comment Contacts CountryCode CountryName CreatedDate CreditLimit
    Currency CustomCheckBoxes CustomerCode CustomerContactFirstName CustomerContactLastName CustomerContactName
    CustomerDiscount CustomerId CustomerKey CustomerName CustomerReference CustomTextBoxes Data Date Days
    DefaultCustomerReference DefaultInvoicePaymentType DefaultNominalCode DefaultProduct DefaultPurchasePaymentType
    DefaultVATRate DeliveryAddress DeliveryAddresses Description Disallowed DiscountRate DisplayName
    DisplaySymbolOnRight DueAmount DueDate Email EmailCount EnableCreditLimit EntityName ExchangeRate Fax FileCount Firstname
    FirstInvoiceDate GrossAmount HomeCurrencyGrossAmount HomeCurrencyRate HomeCurrencyVATAmount Id InUse
    InvoiceCount InvoicedNetAmount InvoicedVATAmount InvoiceLimitReached IsArchived IsCISReverseCharge IsDefault
    IsDefaultAccount IsPrimary IssuedDate LastInvoiceDate LastName LastPaymentDate LastUpdatedDate Line1 Line2 Line3
    Line4 LineItems ManageStockLevel MemorableWordList MetaData Method Mobile MoneyType Name NetAmount NextPageUrl NominalCode
    NominalId NominalName Note Number OpeningBalance OutstandingBalance OverdueAmount OverdueDays PaidDate PaidIn PaidOut PaymentId
    PaymentLines PaymentProcessor PaymentTerms Permalink Position PostCode Price ProductCode ProductName
    ProjectName ProjectNumber PurchaseNominalId PurchaseSubNominalId Quantity QuantityInStock Rate ReceiveEmails
    Reconciled ReconcileDate Reference ResourceNumber SessionToken Source SourceName StartingAmount StartingDate Status
    StockWarningQuantity SubscriptionExpired SupplierCode SupplierId SupplierName SupplierReference Symbol TaxCode
    Telephone TemporaryToken Title TotalAmount TotalBankBalance TotalCustomerCount TotalInvoiceCount
    TotalNominalCount TotalPaidAmount TotalProductCount TotalRecords TotalSupplierCount TradeBorderType
    TransactionLockDate TransactionType Type UniqueEntityNumber UseCustomDeliveryAddress Value VATAmount VATExempt VATId VATLevel
    VATNumber VATRate VATReturnId VATText Website WholeSalePrice WithholdingTaxRate WithholdingTaxReferences
"""
#: Other words for the same thing, in lower case.
_OTHER_WORDS = {
    "displayonright": "DisplaySymbolOnRight",
    "key": "CustomerKey",
    "applywht": "ApplyWithholdingTax",
    "whtrate": "WithholdingTaxRate",
    "whtreferences": "WithholdingTaxReferences",
    "projectid": "ProjectNumber",
    "entityreferance": "EntityReference",
}
_CANONICAL = {name.lower(): name for name in _NAMES.split()} | _OTHER_WORDS


def canonical_name(name: str) -> str:
    """The spelling we use for `name`; a field that we do not know keeps its own."""
    return _CANONICAL.get(name.lower(), name)
