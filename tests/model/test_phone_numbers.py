"""A telephone number has one form, and what is none is left alone."""

import pytest

from engine.model.phone_numbers import NumberPlan

VIETNAM = NumberPlan("84")
DENMARK = NumberPlan("45", trunk_prefix="")
AMERICA = NumberPlan("1", trunk_prefix="1", international_prefix="011")


@pytest.mark.parametrize(
    ("plan", "came", "expected"),
    [
        (VIETNAM, "0912345678", "+84912345678"),
        (VIETNAM, "0912 345 678", "+84912345678"),
        (VIETNAM, "+84 (91) 234-56.78", "+84912345678"),
        (VIETNAM, "84912345678", "+84912345678"),
        (VIETNAM, "0084912345678", "+84912345678"),
        (VIETNAM, "0044 20 7946 0000", "+442079460000"),
        (VIETNAM, "+1 212 555 0100", "+12125550100"),
        (VIETNAM, "1001", "1001"),
        (VIETNAM, "0123", "0123"),
        (VIETNAM, "19001234", "19001234"),
        (VIETNAM, "visitor-0912345678", "visitor-0912345678"),
        (VIETNAM, "an@example.com", "an@example.com"),
        (VIETNAM, "+84912345678901234", "+84912345678901234"),
        (VIETNAM, "", ""),
        (DENMARK, "32 12 34 56", "+4532123456"),
        (DENMARK, "4532123456", "+4532123456"),
        (AMERICA, "1 (212) 555-0100", "+12125550100"),
        (AMERICA, "011 84 912 345 678", "+84912345678"),
    ],
)
def test_a_number_has_one_form(plan: NumberPlan, came: str, expected: str) -> None:
    assert plan.canonical(came) == expected
    assert plan.canonical(expected) == expected
