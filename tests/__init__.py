"""The tests, which mirror the code. A package of its own, as libraries bring a folder `tests` of theirs."""
