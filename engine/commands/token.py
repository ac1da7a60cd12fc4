"""`trunkline token new`: a secret for the HTTP interface, and the lines of the configuration that let it in."""

import hashlib
import json
import secrets
from collections.abc import Sequence

import typer


def new_token(token_id: str, scopes: Sequence[str], agent: str | None = None) -> None:
    """Print a new bearer token, once, and its entry for the section `tokens`, bound to `agent` if one is named."""
    secret = secrets.token_urlsafe(32)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    typer.echo(f"trunkline_{token_id}_{secret}")
    typer.echo(
        "This is shown once: keep it. Send it as `Authorization: Bearer ...`, and add to the configuration:", err=True
    )
    bound = f", agent: {json.dumps(agent)}" if agent is not None else ""
    typer.echo(f"tokens:\n  - {{id: {token_id}, sha256: {digest}, scopes: [{', '.join(scopes)}]{bound}}}", err=True)
