"""Prices and costs over HTTP: decimal numbers in texts."""

from tests.api.world import World


def test_an_operator_sets_a_price_that_the_customer_sees(world: World) -> None:
    """Nothing is rounded on the way, and a customer sets none."""
    place = f"/v1/projects/{world.project}"
    price = {"per_label": "0.045000", "currency": "EUR"}
    with world.client() as customer, world.client("operator") as operator:
        assert customer.get(place).json()["price"] is None
        refused = customer.patch(place, json={"price": price})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert operator.patch(place, json={"price": price}).status_code == 200
        assert customer.get(place).json()["price"] == {"per_label": "0.045", "currency": "EUR"}
        for bad in ({"per_label": "-1", "currency": "EUR"}, {"per_label": "1", "currency": "euro"}):
            assert operator.patch(place, json={"price": bad}).status_code == 422
        other = operator.patch(place, json={"price": {"per_label": "1", "currency": "USD"}})
        assert other.json()["code"] == "currency_differs"
        task = {"input": {"prompt": "p", "options": ["a", "b"]}}
        assert customer.post(f"{place}/tasks", json={"batch": "b", "tasks": [task]}).status_code == 201
        assert customer.get(f"{place}/batches/b").json()["cost"] == {"amount": "0", "currency": "EUR"}
