"""`trunkline password`: the hash of a password, for an agent's entry in the configuration."""

import secrets
from typing import Final

import typer

from engine.errors import TrunklineError
from engine.model.passwords import PASSWORD_MAX, hash_password

SHORTEST: Final = 8
SALT_BYTES: Final = 16


class UnfitPassword(TrunklineError):
    """A password that nobody should use."""


def print_hash(password: str) -> None:
    """Print the hash, and where it goes. Raises UnfitPassword."""
    if not SHORTEST <= len(password) <= PASSWORD_MAX:
        raise UnfitPassword(f"the password has {len(password)} characters; use {SHORTEST} to {PASSWORD_MAX}")
    typer.echo(hash_password(password, secrets.token_bytes(SALT_BYTES)))
    typer.echo("Add it to the agent in the configuration, as `desk_password: scrypt:...`.", err=True)
