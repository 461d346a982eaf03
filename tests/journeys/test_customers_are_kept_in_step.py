"""Customers both ways: what is edited on one side reaches the other, and what we write ourselves comes back as no news."""

from __future__ import annotations

from datetime import timedelta

from ledger.endings import State
from mappings.golden.owners import Owner
from tests.support.pairs import in_step, owned, reviews
from tests.support.road import Road


def test_an_account_of_the_type_customer_becomes_one_customer_whose_code_it_shows(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger

    pair = in_step(road)

    (customer,) = road.customers("Minster Books")
    assert pair.account_id in customer["Note"]
    assert (pair.account["ExternalID__c"], pair.contact["ExternalID__c"]) == (customer["Code"],) * 2
    assert [pair.person[name] for name in ("Firstname", "LastName", "Email", "Telephone")] == [
        "Mina",
        "Okoro",
        "mina@minster.example",
        "0113 496 0001",
    ]


def test_a_customer_of_kashflows_becomes_one_account_with_its_contact(on_the_road: Road) -> None:
    road = on_the_road
    road.look()
    road.add_customer(
        "LARK01",
        "Larkfield Ceramics",
        Addresses=[{"Line1": "4 Kiln Lane", "Line3": "Stoke", "PostCode": "ST1 5PJ", "CountryCode": "GB"}],
        Contacts=[
            {"IsPrimary": True, "Firstname": "Al", "LastName": "Reed", "Email": "al@larkfield.example"}
        ],
    )

    road.settle_down()

    (account,) = road.accounts("Larkfield Ceramics")
    assert [
        account[name] for name in ("ExternalID__c", "BillingStreet", "BillingCity", "BillingCountry")
    ] == [
        "LARK01",
        "4 Kiln Lane",
        "Stoke",
        "United Kingdom",
    ]
    (person,) = road.people(account["Id"])
    assert [person[name] for name in ("FirstName", "LastName", "Email", "ExternalID__c")] == [
        "Al",
        "Reed",
        "al@larkfield.example",
        "LARK01",
    ]


def test_an_edit_in_salesforce_reaches_kashflow_and_its_echo_ends_unchanged(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    before = road.written()

    pair.edit_account(Name="Minster Books (York)", BillingCity="York")
    road.settle_down()

    assert pair.customer["Name"] == "Minster Books (York)"
    assert pair.customer["Addresses"][0]["Line3"] == "York"
    assert road.written() == before + 1
    echo = road.last(pair.kashflow_id, "salesforce.account")
    assert (echo.state, echo.reason_code) == (State.UNCHANGED, "same_values")


def test_an_edit_in_kashflow_reaches_salesforce_and_its_echo_ends_unchanged(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    before = road.written()

    pair.edit_customer(Name="Minster Books Ltd")
    road.settle_down()

    assert pair.account["Name"] == "Minster Books Ltd"
    assert road.written() == before + 1
    echo = road.last(pair.account_id, "kashflow.customer")
    assert (echo.state, echo.reason_code) == (State.UNCHANGED, "same_values")


def test_different_fields_that_are_edited_on_both_sides_at_once_all_arrive(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = in_step(road)

    pair.edit_account(Name="Minster Books (York)")
    pair.edit_contact(Email="okoro@minster.example")
    pair.edit_address(PostCode="YO1 7HT")
    pair.edit_person(Telephone="01904 555 000")
    road.settle_down()

    assert (pair.customer["Name"], pair.account["Name"]) == ("Minster Books (York)",) * 2
    assert (pair.person["Email"], pair.contact["Email"]) == ("okoro@minster.example",) * 2
    assert (pair.customer["Addresses"][0]["PostCode"], pair.account["BillingPostalCode"]) == ("YO1 7HT",) * 2
    assert (pair.person["Telephone"], pair.contact["Phone"]) == ("01904 555 000",) * 2
    assert reviews(road) == []


def test_a_field_that_is_cleared_on_one_side_is_cleared_on_the_other(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)

    pair.edit_account(BillingPostalCode=None)
    pair.edit_person(Telephone="")
    road.settle_down()

    assert pair.customer["Addresses"][0]["PostCode"] == ""
    assert pair.contact["Phone"] is None
    assert (pair.agreed("address.postcode"), pair.agreed("contact.phone")) == (None, None)


def test_spellings_that_mean_the_same_are_written_to_nobody(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    before = road.written()

    pair.edit_account(BillingPostalCode="ls11aa", BillingCountry="GB")
    pair.edit_contact(Email="Mina@Minster.Example", Phone="+44 (0)113 496 0001")
    road.settle_down()

    assert road.written() == before
    assert pair.customer["Addresses"][0]["PostCode"] == "LS1 1AA"
    assert pair.person["Telephone"] == "0113 496 0001"


def test_what_the_owner_of_a_field_says_is_put_back_where_somebody_else_changed_it(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger
    pair = in_step(road)
    owned(road, Owner.KASHFLOW, name=Owner.SALESFORCE)

    pair.edit_account(BillingCity="York")
    pair.edit_customer(Name="Somebody Else")
    road.settle_down()

    assert (pair.account["BillingCity"], pair.customer["Addresses"][0]["Line3"]) == ("Leeds", "Leeds")
    assert (pair.account["Name"], pair.customer["Name"]) == ("Minster Books", "Minster Books")


def test_of_two_edits_on_different_days_the_later_one_wins_where_that_is_the_rule(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)

    pair.edit_customer(Name="The name of Tuesday")
    road.wait(24 * 3600)
    pair.edit_account(Name="The name of Wednesday")
    road.settle_down()

    assert (pair.customer["Name"], pair.account["Name"]) == ("The name of Wednesday",) * 2
    assert reviews(road) == []


def test_of_two_edits_the_earlier_one_wins_where_that_is_the_rule(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    owned(road, Owner.FIRST)

    pair.edit_customer(Name="The name of Tuesday")
    road.wait(24 * 3600)
    pair.edit_account(Name="The name of Wednesday")
    road.settle_down()

    assert (pair.customer["Name"], pair.account["Name"]) == ("The name of Tuesday",) * 2


def test_the_golden_record_says_whose_each_value_is_since_when_and_by_which_delivery(
    on_either_ledger: Road,
) -> None:
    road = on_either_ledger
    pair = in_step(road)

    edited_at = road.now()
    pair.edit_address(Line3="York")
    road.settle_down()

    town, name = pair.golden.fields["address.town"], pair.golden.fields["name"]
    assert (town.value, town.side) == ("York", "kashflow")
    assert edited_at <= town.at <= edited_at + timedelta(minutes=2)
    assert town.delivery == road.last(pair.kashflow_id, "salesforce.account").id
    assert (name.value, name.side) == ("Minster Books", "salesforce")
    assert name.at < edited_at


def test_a_code_that_is_renamed_in_kashflow_is_followed(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = in_step(road)

    pair.edit_customer(Code="MINSTER")
    road.settle_down()

    assert (pair.account["ExternalID__c"], pair.contact["ExternalID__c"]) == ("MINSTER", "MINSTER")
    assert pair.link.kashflow_key == "MINSTER"
    pair.edit_account(BillingCity="York")
    road.settle_down()
    assert road.customer("MINSTER")["Addresses"][0]["Line3"] == "York"


def test_a_rename_that_nobody_told_us_of_yet_does_not_keep_an_edit_from_its_customer(
    on_the_road: Road,
) -> None:
    road = on_the_road
    pair = in_step(road)

    pair.edit_customer(Code="MINSTER")
    pair.edit_account(BillingCity="York")
    road.hear()
    road.rest()

    assert road.customer("MINSTER")["Addresses"][0]["Line3"] == "York"
    assert len(road.customers("Minster Books")) == 1


def test_what_we_do_not_map_stays_as_it_is_in_kashflow(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    pair.edit_customer(
        DiscountRate=7,
        DefaultCustomerReference="PO 12",
        CustomTextBoxes=[{"Name": "Region", "Value": "North"}],
        Contacts=[*pair.customer["Contacts"], {"Firstname": "Al", "LastName": "Reed"}],
        Addresses=[{**pair.customer["Addresses"][0], "Line4": "Yorkshire"}],
    )
    road.settle_down()

    pair.edit_account(Name="Minster Books (York)")
    road.settle_down()

    customer = pair.customer
    assert (customer["Name"], customer["DiscountRate"]) == ("Minster Books (York)", 7)
    assert customer["DefaultCustomerReference"] == "PO 12"
    assert customer["CustomTextBoxes"] == [{"Name": "Region", "Value": "North"}]
    assert [person["LastName"] for person in customer["Contacts"]] == ["Okoro", "Reed"]
    assert customer["Addresses"][0]["Line4"] == "Yorkshire"


def test_a_contact_that_left_takes_nobodys_telephone_number_away(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)

    road.delete(pair.golden.part)
    pair.edit_account(BillingCity="York")
    road.settle_down()

    assert pair.person["Telephone"] == "0113 496 0001"
    assert road.people(pair.account_id) == []
    assert pair.customer["Addresses"][0]["Line3"] == "York"


def test_an_organisation_without_our_field_is_kept_in_step_all_the_same(on_the_road: Road) -> None:
    road = on_the_road
    for entity in ("Account", "Contact"):
        road.fault("salesforce", "field_hidden", times=None, entity=entity, field="ExternalID__c")
    road.look()
    road.add_customer(
        "LARK01", "Larkfield Ceramics", Contacts=[{"IsPrimary": True, "Firstname": "Al", "LastName": "Reed"}]
    )
    pair = in_step(road)

    pair.edit_account(BillingCity="York")
    pair.edit_person(Telephone="01904 555 000")
    road.settle_down()

    (account,) = road.accounts("Larkfield Ceramics")
    assert [person["LastName"] for person in road.people(account["Id"])] == ["Reed"]
    assert pair.customer["Addresses"][0]["Line3"] == "York"
    assert pair.contact["Phone"] == "01904 555 000"


def test_the_customer_of_a_won_deal_is_kept_in_step_from_then_on(on_the_road: Road) -> None:
    road = on_the_road
    road.look()
    account = road.account("Larkfield Ceramics Ltd")
    person = road.create("Contact", AccountId=account, LastName="Okoro", Email="mina@larkfield.example")
    deal = road.deal(account)
    road.create("OpportunityContactRole", OpportunityId=deal, ContactId=person, IsPrimary=True)
    road.win(deal)
    road.settle_down()

    (customer,) = road.customers("Larkfield Ceramics Ltd")
    assert road.record(account)["ExternalID__c"] == customer["Code"]
    road.edit_customer(customer["Code"], Name="Larkfield Ceramics (Holdings) Ltd")
    road.settle_down()

    assert road.record(account)["Name"] == "Larkfield Ceramics (Holdings) Ltd"
    assert len(road.invoices(deal)) == 1


def test_a_customer_that_does_not_say_whether_it_is_archived_is_not(on_the_road: Road) -> None:
    road = on_the_road
    road.look()
    road.add_customer("LARK01", "Larkfield Ceramics")
    road.keep(lambda books: [row.update(IsArchived=None) for row in books.customers.register.rows()])

    road.settle_down()

    assert len(road.accounts("Larkfield Ceramics")) == 1


def test_what_is_too_long_for_salesforce_is_cut_there_and_stays_whole_in_kashflow(on_the_road: Road) -> None:
    road = on_the_road
    road.look()
    address = {"Line1": "x" * 200, "Line2": "y" * 200, "Line3": "z" * 90, "CountryCode": "gb"}
    road.add_customer("LARK01", "L" * 300, Addresses=[address], DeliveryAddresses=[address])

    road.settle_down()

    (account,) = road.in_salesforce("Account", ExternalID__c="LARK01")
    assert [len(account[name]) for name in ("Name", "BillingStreet", "BillingCity")] == [255, 255, 40]
    assert account["BillingCountry"] == "United Kingdom"
    road.change(account["Id"], Phone="0113 496 0001", BillingPostalCode="LS1 1AA")
    road.settle_down()
    customer = road.customer("LARK01")
    assert customer["Addresses"][0]["PostCode"] == "LS1 1AA"
    assert customer["Addresses"][0]["Line2"] == "y" * 200
