"""What the screen on the wall shows of a customer."""

import pytest

from adapters.http.wallboard.masks import masked


@pytest.mark.parametrize(
    ("customer", "shown"),
    [
        ("+84 24 3825 1234", "•••1234"),
        ("tel:+842438251234;phone-context=x", "•••1234"),
        ("sip:+842438251234@10.0.0.1:5060;user=phone", "•••1234"),
        ("(024) 3825-1234", "•••1234"),
        ("101", "101"),
        ("sip:anna@example.com", "a•••@example.com"),
        ("anna.schmidt@example.com", "a•••@example.com"),
        ("customer-88123", "•••8123"),
        ("Anna Schmidt", "A. S."),
        ("", ""),
        ("@", ""),
    ],
)
def test_little_is_shown(customer: str, shown: str) -> None:
    assert masked(customer) == shown
