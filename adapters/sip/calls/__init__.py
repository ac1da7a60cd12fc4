"""Calls and their legs, from INVITE to BYE."""
