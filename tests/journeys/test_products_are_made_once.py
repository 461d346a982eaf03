"""A product is matched before it is made, made once whatever becomes of the answer, and put aside by policy when it is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.endings import State
from mappings.pairing import WhenGone
from tests.support.goods import add_product, on_the_shelf, products, standard_price
from tests.support.pairs import answer, governed, reviews
from tests.support.road import Road

PRODUCTS = "/v2/products"


@pytest.fixture
def watched_road(on_the_road: Road) -> Road:
    """KashFlow was looked at once: what comes now is news."""
    on_the_road.look()
    return on_the_road


def _made(road: Road, code: str | None, name: str = "Oak desk", **fields: Any) -> str:
    """The id of a Product2 with a standard price of 95 pounds."""
    entry = road.product(name, "95.00", ProductCode=code, **fields)
    return str(road.record(entry)["Product2Id"])


def _linked(road: Road, product2_id: str) -> str:
    """Where KashFlow has its product, blank while it has none."""
    links = road.ledger.links_by_salesforce_id("product", "Product2", [product2_id])
    return links[product2_id].kashflow_key if product2_id in links else ""


@pytest.mark.parametrize(
    ("code", "name", "more"),
    [
        ("DESK-O", "Something else", {}),
        ("desk o", "Oak  Desk", {}),
        ("DESK-O", "Oak desk", {"KashFlow_Nominal_Code__c": "4001"}),
    ],
    ids=["exactly the code", "the code and the name, spelled differently", "the code under its nominal"],
)
def test_a_product2_finds_the_product_that_kashflow_has(
    watched_road: Road, code: str, name: str, more: dict[str, Any]
) -> None:
    road = watched_road
    nominal = int(more.get("KashFlow_Nominal_Code__c", 4000))
    add_product(road, "DESK-O", "Oak desk", NominalCode=nominal, Price="95.00")

    product2 = _made(road, code, name, **more)
    road.hear()
    road.rest()

    assert _linked(road, product2) == f"{nominal}/DESK-O"
    assert road.calls("POST", PRODUCTS) == 0
    road.settle_down()
    assert road.record(product2)["ProductCode"] == "DESK-O"
    assert len(road.in_salesforce("Product2", ProductCode="DESK-O")) == 1


def test_a_product_of_kashflows_finds_the_product2_that_salesforce_has(watched_road: Road) -> None:
    road = watched_road
    product2 = road.create("Product2", Name="Oak desk", ProductCode="DESK-O", IsActive=False)

    add_product(road, "DESK-O", "Oak desk", Price="95.00")
    road.settle_down()

    assert _linked(road, product2) == "4000/DESK-O"
    assert len(road.in_salesforce("Product2", ProductCode="DESK-O")) == 1
    assert standard_price(road, product2)["UnitPrice"] == 95


def test_the_same_code_under_another_nominal_is_a_question_and_neither_is_made(watched_road: Road) -> None:
    road = watched_road
    add_product(road, "DESK-O", "Oak desk", NominalCode=4001, InUse=False)

    product2 = _made(road, "DESK-O", KashFlow_Nominal_Code__c="4000")
    road.settle_down()

    (question,) = reviews(road)
    assert (question.kind, _linked(road, product2)) == ("match", "")
    assert len(products(road, Code="DESK-O")) == 1
    answer(road, question, "4001/DESK-O")
    road.settle_down()
    assert _linked(road, product2) == "4001/DESK-O"
    assert road.record(product2)["KashFlow_Nominal_Code__c"] == "4001"


def test_the_same_name_alone_is_a_question_and_a_person_may_say_that_it_is_another(
    watched_road: Road,
) -> None:
    road = watched_road
    add_product(road, "OD-1", "Oak desk", InUse=False)

    product2 = _made(road, "DESK-O")
    road.settle_down()
    (question,) = reviews(road)
    answer(road, question, "new")
    road.settle_down()

    assert _linked(road, product2) == "4000/DESK-O"
    assert len(products(road, Name="Oak desk")) == 2


def test_goods_of_one_name_with_codes_of_their_own_are_all_made_without_a_question(
    watched_road: Road,
) -> None:
    road = watched_road
    small = _made(road, "GIFT-10", "Gift card")
    road.settle_down()

    large = _made(road, "GIFT-20", "Gift card")
    road.settle_down()

    assert (_linked(road, small), _linked(road, large)) == ("4000/GIFT-10", "4000/GIFT-20")
    assert reviews(road) == []


def test_a_whole_batch_of_new_product2s_reads_the_list_of_kashflows_products_once(watched_road: Road) -> None:
    road = watched_road
    made = road.create_many(
        "Product2", [{"Name": f"Chair {n}", "ProductCode": f"CHAIR-{n}", "IsActive": True} for n in range(5)]
    )
    road.hear()
    before = road.calls("GET", "/v2/products/list")

    road.work()

    assert [_linked(road, one) for one in made] == [f"4000/CHAIR-{n}" for n in range(5)]
    assert road.calls("GET", "/v2/products/list") == before + 1


def test_two_product2s_of_one_code_do_not_share_a_product(watched_road: Road) -> None:
    road = watched_road

    first, second = road.create_many(
        "Product2", [{"Name": name, "ProductCode": "DESK-O", "IsActive": True} for name in ("Oak", "Elm")]
    )
    road.settle_down()

    assert sorted([_linked(road, first), _linked(road, second)]) == ["", "4000/DESK-O"]
    assert len(products(road, Code="DESK-O")) == 1
    assert [question.kind for question in reviews(road)] == ["match"]


def test_what_is_not_sold_or_has_no_code_is_made_nowhere(watched_road: Road) -> None:
    road = watched_road

    uncoded = _made(road, None)
    road.create("Product2", Name="Old desk", ProductCode="OLD", IsActive=False)
    add_product(road, "GONE", "Gone", InUse=False)
    road.settle_down()

    assert (products(road, Code="OLD"), road.in_salesforce("Product2", ProductCode="GONE")) == ([], [])
    assert road.last(uncoded, "kashflow.product").reason_code == "not_wanted"
    road.change(uncoded, ProductCode="DESK-O")
    road.settle_down()
    assert _linked(road, uncoded) == "4000/DESK-O"


@pytest.mark.parametrize(
    "trouble",
    [
        "drop_after_commit",
        "drop_before_commit",
        "http_500_after_commit",
        "sql_timeout_after_commit",
        "html_503",
    ],
)
def test_trouble_with_the_post_leaves_one_product_in_the_end(watched_road: Road, trouble: str) -> None:
    road = watched_road
    road.fault("kashflow", trouble, match={"method": "POST", "path": PRODUCTS})

    product2 = _made(road, "DESK-O")
    road.settle_down()

    assert len(products(road, Code="DESK-O")) == 1
    assert _linked(road, product2) == "4000/DESK-O"
    assert road.last(product2, "kashflow.product").state in (State.DELIVERED, State.UNCHANGED)


def test_a_product_whose_answer_was_lost_is_found_under_the_code_it_had_then(on_either_ledger: Road) -> None:
    road = on_either_ledger
    road.look()
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "path": PRODUCTS})
    product2 = _made(road, "DESK-O")
    road.hear()
    road.work()

    road.change(product2, ProductCode="DESK-OAK")
    road.settle_down()

    assert len(products(road, Name="Oak desk")) == 1
    assert _linked(road, product2) == "4000/DESK-O"
    assert road.record(product2)["ProductCode"] == "DESK-O"


def test_a_lost_answer_of_salesforce_makes_no_second_product2(watched_road: Road) -> None:
    road = watched_road
    road.fault("salesforce", "rest_drop_after_commit", match={"method": "PATCH"})
    add_product(road, "LAMP-1", "Lamp", Price="35.00")

    road.settle_down()

    (lamp,) = road.in_salesforce("Product2", ProductCode="LAMP-1")
    assert standard_price(road, lamp["Id"])["UnitPrice"] == 35


def test_a_product_that_is_no_longer_sold_on_one_side_is_no_longer_sold_on_the_other(
    on_the_road: Road,
) -> None:
    road = on_the_road
    goods = on_the_shelf(road)

    goods.edit_product2(IsActive=False)
    road.settle_down()
    assert goods.product["InUse"] is False

    goods.edit_product(InUse=True)
    road.settle_down()
    assert goods.product2["IsActive"] is True


def test_the_product_of_a_deleted_product2_is_put_aside_after_the_grace(on_either_ledger: Road) -> None:
    road = on_either_ledger
    goods = on_the_shelf(road)

    road.delete(goods.product2_id)
    road.hear()
    road.work()
    assert goods.product["InUse"], "it may still come back"
    road.rest()

    assert goods.product["InUse"] is False
    assert goods.golden.parted is not None
    goods.edit_product(Name="Walnut shelf, oiled")
    road.settle_down()
    assert road.in_salesforce("Product2", Name="Walnut shelf, oiled") == [], "no longer kept in step"


def test_a_product2_that_comes_back_is_sold_again(on_the_road: Road) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    road.delete(goods.product2_id)
    road.hear()
    road.rest()

    road.undelete(goods.product2_id)
    road.settle_down()

    assert goods.product["InUse"] is True
    assert goods.golden.parted is None


@pytest.mark.parametrize(("policy", "sold"), [(WhenGone.UNLINK, True), (WhenGone.ARCHIVE, False)])
def test_a_product_deleted_in_kashflow_stays_in_salesforce_or_is_put_aside_there_by_policy(
    on_the_road: Road, policy: WhenGone, sold: bool
) -> None:
    road = on_the_road
    goods = on_the_shelf(road)
    governed(road, "product_to_salesforce", when_gone=policy)

    road.keep(lambda books: books.products.delete((4000, "SHELF-W")))
    for _ in range(4):
        road.look()
        road.rest()
        road.wait(3600)
    road.settle_down()

    assert goods.product2["IsActive"] is sold
    assert goods.product2["IsDeleted"] is False
    assert products(road, Code="SHELF-W") == []


def test_a_new_product_under_a_code_that_is_taken_ends_dead_and_says_so(watched_road: Road) -> None:
    road = watched_road
    product2s = road.create_many(
        "Product2", [{"Name": name, "ProductCode": "DESK-O", "IsActive": True} for name in ("Oak", "Elm")]
    )
    road.settle_down()
    (question,) = reviews(road)

    answer(road, question, "new")
    road.settle_down()

    (second,) = [one for one in product2s if not _linked(road, one)]
    last = road.last(second, "kashflow.product")
    assert (last.state, last.reason_code) == (State.DEAD, "code_taken")
    road.change(second, ProductCode="DESK-E")
    road.settle_down()
    assert _linked(road, second) == "4000/DESK-E"


def test_a_product_without_a_name_is_a_record_to_mend_and_no_fault_of_ours(watched_road: Road) -> None:
    road = watched_road
    add_product(road, "DESK-O", "Oak desk", InUse=False)
    road.keep(
        lambda books: [
            row.update(Name="") for row in books.products.register.rows() if row["Code"] == "DESK-O"
        ]
    )

    product2 = _made(road, "DESK-O")
    road.hear()
    road.rest()

    last = road.last(product2, "kashflow.product")
    assert (last.state, last.reason_code) == (State.DEAD, "mapping")
    assert "Name" in str(last.reason_text)
