"""The account's own lists and settings: VAT rates, currencies, countries, payment methods; not its bookkeeping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.kashflow.forms import Form, flags, texts
from sandbox.kashflow.problems import invalid, not_found
from sandbox.kashflow.values import Row, money, whole_number

#: Names of a document's status with the Ids that `/paymentstatuses` lists; its shape is not published.
STATUSES = {1: "Unpaid", 2: "Paid", 3: "Overpaid", 4: "Overdue", 5: "NA"}

_API_SETTINGS = Form(
    flags(
        "APIEnabled",
        "RESTAPIEnabled",
        "AccessToSpecificIPAddressesOnly",
        "UseSeparateSOAPAPIPassword",
        "AutoAuthEnabled",
        "EnableRemoteLogin",
    ),
    texts("AutoAuthKey"),
)


class Office:
    """Reference data of one account. Checks raise Problem 400 when a document names what is not there."""

    def __init__(
        self,
        *,
        company: str,
        vat_rates: list[str],
        currencies: list[Row],
        countries: list[Row],
        methods: Mapping[str, Mapping[int, str]],
    ) -> None:
        self.company = company
        self.default_vat_rate = money(vat_rates[0])
        self.currencies = currencies
        self.countries = countries
        #: "invoice" and "purchase" → method Id → name.
        self.methods = methods
        #: Documents dated on or before this day cannot be changed; None: no lock.
        self.locked_until: date | None = None
        self.refuses_repeated_receipts = False
        self.api_settings = _API_SETTINGS.read({"RESTAPIEnabled": True, "APIEnabled": True})
        self._vat_rates: dict[int, Decimal] = {}
        for rate in vat_rates:
            self.add_vat_rate(money(rate))

    def vat_rates(self) -> list[Row]:
        return [
            {"VATId": rate_id, "VATRate": rate, "VATText": f"{rate:.2f}%"}
            for rate_id, rate in self._vat_rates.items()
        ]

    def add_vat_rate(self, rate: Decimal) -> Row:
        if rate in self._vat_rates.values():
            raise invalid(f"There is a VAT rate {rate} already.")
        self._vat_rates[max(self._vat_rates, default=0) + 1] = rate
        return self.vat_rates()[-1]

    def remove_vat_rate(self, rate_id: str) -> None:
        if self._vat_rates.pop(whole_number(rate_id) or 0, None) is None:
            raise not_found("VAT rate", rate_id)

    def method_list(self, kind: str) -> list[Row]:
        if kind not in self.methods:
            raise not_found("kind of payment method", kind)
        return [{"Id": method_id, "Name": name} for method_id, name in self.methods[kind].items()]

    def check_method(self, kind: str, method_id: int) -> None:
        if method_id not in self.methods[kind]:
            raise invalid(f"Method: there is no {kind} payment method {method_id}.")

    def currency(self, code: str, rate: Decimal | None = None) -> Row:
        """The currency of this code (the home currency when blank), at its own or the given exchange rate."""
        for known in self.currencies:
            if known["Code"] == (code.strip().upper() or "GBP"):
                return known | ({"ExchangeRate": rate} if rate else {})
        raise invalid(f"Currency: there is no currency {code} in this account.")

    def country_name(self, code: str) -> str:
        return next((row["Name"] for row in self.countries if row["Code"] == code.strip().upper()), "")

    def write_api_settings(self, body: Any) -> Row:
        self.api_settings = _API_SETTINGS.read(body)
        return self.api_settings

    def advanced_settings(self) -> Row:
        return {
            "DefaultVATRate": self.default_vat_rate,
            "AutoCalculateVAT": True,
            "CalculateTaxOnIndividualUnitPrice": False,
            "TransactionLockEnabled": self.locked_until is not None,
            "TransactionLockDate": None if self.locked_until is None else self.locked_until.isoformat(),
        }

    def company_details(self) -> Row:
        return {
            "CompanyName": self.company,
            "HomeCurrency": self.currency(""),
            "VATRegistered": True,
            "DateFormat": "dd/MM/yyyy",
            "CountryCode": "GB",
        }
