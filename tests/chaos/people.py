"""The people of the storm: sales people and a bookkeeper who make seeded changes, each told to the model once committed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tests.chaos.model import Buyer, Deal, Line, Model, Product, Stage
from tests.chaos.world import World

#: So many deals are won in one transaction when somebody clears the month's list.
BULK = 50
#: So many deals are under a rule that refuses the write-back.
GUARDED = 3
_CENT = Decimal("0.01")
_FIRST = ["Alder", "Bramble", "Cinder", "Dunlin", "Ember", "Fallow", "Garnet", "Hazel", "Iris", "Juniper", "Kestrel"]  # fmt: skip
_SECOND = ["Bakery", "Cycles", "Dairy", "Foundry", "Glassworks", "Joinery", "Kennels", "Looms", "Motors", "Optics"]  # fmt: skip


class People:
    """They act one after another: whoever acts returns how many records changed."""

    def __init__(self, world: World, model: Model, rng: random.Random, most_deals: int) -> None:
        self._world = world
        self._model = model
        self._rng = rng
        self._most_deals = most_deals
        self._products: Sequence[Product] = ()
        self._next_name = 0
        #: Id and gross of each invoice of ours that a bookkeeper saw unpaid, by its number.
        self._unpaid: dict[int, tuple[str, Decimal]] = {}
        self._customers: Sequence[str] = ()
        self._acts: Mapping[Callable[[], int], float] = {
            self.meet: 6,
            self.meet_and_sell_twice: 1.5,
            self.offer: 8,
            self.reprice: 20,
            self.reprice_many: 1.2,
            self.win: 26,
            self.win_many: 0.35,
            self.reopen: 4,
            self.win_again: 4,
            self.lose: 3,
            self.give_away: 1.5,
            self.delete: 1.5,
            self.pay: 6,
            self.withdraw: 2,
        }

    def act(self) -> int:
        """One of them does one thing; returns the number of records that changed, 0 when there was nothing to do."""
        (what,) = self._rng.choices(list(self._acts), list(self._acts.values()))
        return what()

    def stock(self) -> None:
        """Read the price book, and add a product whose VAT rate KashFlow does not know."""
        state = self._world.state("salesforce")
        (standard,) = (row["Id"] for row in state["Pricebook2"] if row["IsStandard"])
        _, entry_id = self._world.commit(
            [
                _create("Product2", Name="Old stock", ProductCode="OLD-175", IsActive=True, VAT_Rate__c=17.5),
                _create(
                    "PricebookEntry", Pricebook2Id=standard, Product2Id="@0", UnitPrice=300, IsActive=True
                ),
            ]
        )
        products = {row["Id"]: row for row in state["Product2"]}
        entries = [row for row in state["PricebookEntry"] if row["Pricebook2Id"] == standard]
        self._products = [
            *(_product(row, products[row["Product2Id"]]) for row in entries),
            Product(entry_id, "OLD-175", Decimal(300), Decimal("17.5"), is_billable=False),
        ]

    # -- Sales ------------------------------------------------------------------------------------------

    def meet(self) -> int:
        """A new buyer with a contact and a deal or two."""
        drafts = [self._draft() for _ in range(self._rng.choice((1, 1, 2)))] if self._has_room() else []
        return self._introduce(drafts, Stage.OPEN)

    def meet_and_sell_twice(self) -> int:
        """Two deals of one new account, won in the transaction that makes all of it."""
        return self._introduce([self._draft(), self._draft()], Stage.WON) if self._has_room() else 0

    def offer(self) -> int:
        """A further deal of somebody we know."""
        if not self._model.buyers or not self._has_room():
            return 0
        buyer, draft = self._rng.choice(self._model.buyers), self._draft()
        changes = self._offering(draft, buyer.account_id, buyer.contact_id, Stage.OPEN, first=0)
        ids = self._world.commit(changes)
        self._remember(draft, buyer, Stage.OPEN, ids)
        return len(changes)

    def reprice(self) -> int:
        return self._reprice(1)

    def reprice_many(self) -> int:
        """A campaign: a good many open deals get a new price in one transaction."""
        return self._reprice(BULK // 2)

    def win(self) -> int:
        return self._move(Stage.OPEN, Stage.WON)

    def win_many(self) -> int:
        return self._move(Stage.OPEN, Stage.WON, most=BULK)

    def reopen(self) -> int:
        return self._move(Stage.WON, Stage.OPEN)

    def win_again(self) -> int:
        """Reopen and win within a breath: two transactions, one after the other."""
        return self.reopen() and 1 + self._move(Stage.OPEN, Stage.WON, newest=True)

    def lose(self) -> int:
        return self._move(Stage.OPEN, Stage.LOST)

    def give_away(self) -> int:
        """An open deal of nothing, which may be won but is never billed."""
        deals = [deal for deal in self._model.deals_in(Stage.OPEN) if not deal.lines]
        return self._set_amounts(self._sample(deals, 1), lambda: Decimal(0))

    def delete(self) -> int:
        deals = self._sample(self._model.deals_in(self._rng.choice((Stage.OPEN, Stage.WON))), 1)
        for deal in deals:
            self._world.commit([{"action": "delete", "id": deal.deal_id}])
            deal.is_deleted = True
        return len(deals)

    def close_the_day(self) -> str:
        """One last deal, won after all else; its id. Salesforce tells of it after all else, too."""
        before = set(self._model.deals)
        self._introduce([self._draft()], Stage.WON)
        (last,) = set(self._model.deals) - before
        return last

    # -- Books ------------------------------------------------------------------------------------------

    def look_at_invoices(self) -> None:
        """The bookkeeper sees the customers, and which of our invoices nobody has paid."""
        state = self._world.state("kashflow")
        self._customers = [str(row["Code"]) for row in state["customers"]]
        self._unpaid = {
            int(row["Number"]): (str(row["Id"]), Decimal(str(row["GrossAmount"])))
            for row in state["invoices"]
            if str(row.get("CustomerReference") or "").startswith("SF-")
            and int(row["Number"]) not in self._model.payments
        }

    def pay(self) -> int:
        """An invoice is paid: all of it, a part, or too much."""
        return 1 if self.pay_one() is not None else 0

    def withdraw(self) -> int:
        """The bookkeeper writes an invoice by hand, sees the mistake, and deletes it."""
        if not self._customers:
            return 0
        number = self._world.write_invoice(self._rng.choice(self._customers))
        self._world.delete_invoice(number)
        return 1

    def pay_one(self) -> str | None:
        """The id of the invoice that was paid; None when there is none to pay."""
        if not self._unpaid:
            return None
        number = self._rng.choice(sorted(self._unpaid))
        invoice_id, gross = self._unpaid.pop(number)
        share = self._rng.choice(("1", "1", "0.5", "1.25"))
        amount = max(_CENT, (gross * Decimal(share)).quantize(_CENT))
        self._world.pay(number, str(amount))
        self._model.payments.setdefault(number, []).append(amount)
        return invoice_id

    # -- How ---------------------------------------------------------------------------------------------

    def _has_room(self) -> bool:
        return len(self._model.deals) < self._most_deals

    def _sample(self, deals: Sequence[Deal], most: int) -> list[Deal]:
        return self._rng.sample(deals, min(most, len(deals)))

    def _move(self, origin: Stage, target: Stage, *, most: int = 1, newest: bool = False) -> int:
        deals = self._model.deals_in(origin)
        chosen = [deals[-1]] if newest and deals else self._sample(deals, most)
        if not chosen:
            return 0
        self._world.commit([_update(deal.deal_id, StageName=target.value) for deal in chosen])
        for deal in chosen:
            deal.stage = target
            deal.committed()
        return len(chosen)

    def _reprice(self, most: int) -> int:
        chosen = self._sample(self._model.deals_in(Stage.OPEN), most)
        with_lines = [deal for deal in chosen if deal.lines]
        for deal in with_lines:
            line = self._rng.choice(deal.lines)
            quantity = line.quantity % 9 + 1
            self._world.commit([_update(line.line_id, Quantity=quantity)])
            line.quantity = quantity
            deal.committed()
        return len(with_lines) + self._set_amounts([deal for deal in chosen if not deal.lines], self._amount)

    def _set_amounts(self, deals: Sequence[Deal], amount: Callable[[], Decimal]) -> int:
        amounts = [amount() for _ in deals]
        if not deals:
            return 0
        self._world.commit(
            [_update(deal.deal_id, Amount=float(new)) for deal, new in zip(deals, amounts, strict=True)]
        )
        for deal, new in zip(deals, amounts, strict=True):
            deal.amount = new
            deal.committed()
        return len(deals)

    def _introduce(self, drafts: Sequence[_Draft], stage: Stage) -> int:
        name, postcode = self._name(), f"SY{self._rng.randint(1, 25)} {self._rng.randint(1, 9)}AB"
        changes = [
            _create(
                "Account",
                Name=name,
                BillingCountry="United Kingdom",
                BillingPostalCode=postcode,
                BillingCity="Ludlow",
            ),
            _create("Contact", FirstName="Kim", LastName=name.split()[0], AccountId="@0"),
        ]
        starts = []
        for draft in drafts:
            starts.append(len(changes))
            changes += self._offering(draft, "@0", "@1", stage, first=len(changes))
        ids = self._world.commit(changes)
        buyer = Buyer(ids[0], ids[1], name, postcode)
        self._model.buyers.append(buyer)
        for draft, start in zip(drafts, starts, strict=True):
            self._remember(draft, buyer, stage, ids[start:])
        return len(changes)

    def _offering(
        self, draft: _Draft, account_id: str, contact_id: str, stage: Stage, *, first: int
    ) -> list[dict[str, Any]]:
        """A deal, its contact and its lines, of which the deal is the change number `first` of the transaction."""
        amount, lines = draft
        deal = _create(
            "Opportunity",
            Name=f"Deal {len(self._model.deals)}",
            AccountId=account_id,
            StageName=stage.value,
            CloseDate=date.today().isoformat(),  # noqa: DTZ011 - a UK shop's calendar day
            Amount=float(amount),
        )
        role = _create(
            "OpportunityContactRole", OpportunityId=f"@{first}", ContactId=contact_id, IsPrimary=True
        )
        return [
            deal,
            role,
            *(
                _create(
                    "OpportunityLineItem",
                    OpportunityId=f"@{first}",
                    PricebookEntryId=product.entry_id,
                    Quantity=quantity,
                    UnitPrice=float(product.price),
                )
                for product, quantity in lines
            ),
        ]

    def _remember(self, draft: _Draft, buyer: Buyer, stage: Stage, ids: Sequence[str]) -> None:
        amount, lines = draft
        made = [
            Line(id_, product, quantity) for id_, (product, quantity) in zip(ids[2:], lines, strict=False)
        ]
        deal = Deal(ids[0], buyer, amount, made, stage)
        deal.committed()
        self._model.deals[deal.deal_id] = deal
        if len(self._model.guarded) < GUARDED:
            self._guard(deal)

    def _guard(self, deal: Deal) -> None:
        """A validation rule of the org lets nobody but people write to this one."""
        self._world.declare(
            "salesforce",
            "rest_validation_rule",
            times=None,
            match={"entity": "Opportunity", "id": deal.deal_id},
            params={"message": "This deal is under audit"},
        )
        self._model.guarded.add(deal.deal_id)

    def _draft(self) -> _Draft:
        lines = []
        if self._rng.random() < 0.4:
            # The product that cannot be billed is rare.
            weights = [1.0 if product.is_billable else 0.05 for product in self._products]
            chosen = self._rng.choices(self._products, weights, k=self._rng.randint(1, 3))
            lines = [(product, self._rng.randint(1, 9)) for product in chosen]
        return self._amount(), tuple(lines)

    def _amount(self) -> Decimal:
        return Decimal(self._rng.randint(1, 400_000)) * _CENT

    def _name(self) -> str:
        """A name that nobody else has, beginning with any of many letters, as names do."""
        self._next_name += 1
        first, second = self._rng.choice(_FIRST), self._rng.choice(_SECOND)
        return f"{first} {second} {self._next_name} Ltd"


#: An amount, and products with their quantities.
_Draft = tuple[Decimal, tuple[tuple[Product, int], ...]]


def _create(entity: str, **fields: Any) -> dict[str, Any]:
    return {"action": "create", "entity": entity, "fields": fields}


def _update(record_id: str, **fields: Any) -> dict[str, Any]:
    return {"action": "update", "id": record_id, "fields": fields}


def _product(entry: Mapping[str, Any], product: Mapping[str, Any]) -> Product:
    rate = Decimal(str(product["VAT_Rate__c"]))
    return Product(entry["Id"], product["ProductCode"], Decimal(str(entry["UnitPrice"])), rate)
