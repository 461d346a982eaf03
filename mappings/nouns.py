"""The nouns that a mapping file can speak of, and the fields a path may name in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from canonical.bank import BankAccount, BankTransaction
from canonical.customer import Customer
from canonical.invoice import Invoice
from canonical.payment import Payment
from canonical.product import Product
from canonical.project import Project
from canonical.purchase import Bill, PurchaseInvoice, purchase_for
from canonical.raising import Sale, invoice_for
from canonical.shape import Noun
from canonical.supplier import Supplier
from mappings.paths import Path


@dataclass(frozen=True)
class NounKind:
    """How a file's `model` is read and written."""

    #: The fields that `read` fills.
    filled: type[Noun]
    #: What reading gives, and writing takes.
    noun: type[Noun]
    make: Callable[[Mapping[str, object]], Noun]


def _plain(noun: type[Noun]) -> NounKind:
    return NounKind(noun, noun, noun.model_validate)


#: `Sale` is read from a deal and gives the invoice that bills it; `Bill` is to a purchase what `Sale` is to an invoice.
NOUNS: Final[Mapping[str, NounKind]] = {
    "BankAccount": _plain(BankAccount),
    "BankTransaction": _plain(BankTransaction),
    "Bill": NounKind(Bill, PurchaseInvoice, lambda values: purchase_for(Bill.model_validate(values))),
    "Customer": _plain(Customer),
    "Invoice": _plain(Invoice),
    "Payment": _plain(Payment),
    "Product": _plain(Product),
    "Project": _plain(Project),
    "PurchaseInvoice": _plain(PurchaseInvoice),
    "Supplier": _plain(Supplier),
    "Sale": NounKind(Sale, Invoice, lambda values: invoice_for(Sale.model_validate(values))),
}


def check_field(noun: type[Noun], path: Path) -> None:
    """Raise ValueError unless `path` names something in `noun`; rows of a list are named without their place."""
    here: Any = noun
    for name in path.names():
        if get_origin(here) is not None and issubclass(get_origin(here), Mapping):
            here = get_args(here)[1]
        elif isinstance(here, type) and issubclass(here, Noun):
            if name not in here.model_fields:
                known = ", ".join(here.model_fields)
                raise ValueError(f"{path.text!r}: {here.__name__} has no field {name!r}; it has {known}")
            here = _kind(here.model_fields[name].annotation)
        else:
            raise ValueError(f"{path.text!r}: nothing is inside {name!r}'s parent, which is a plain value")


def _kind(annotation: Any) -> Any:
    """The noun or mapping inside an annotation; what is optional, constrained or one of many counts as itself."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated or origin is tuple:
        return _kind(arguments[0])
    if origin in (Union, UnionType):
        return _kind(next(one for one in arguments if one is not type(None)))
    return annotation
