"""Whether the engine in this container lives: it answers /livez, by https where adapters.http has `tls`.

Whose certificate it shows matters to nobody within. Where it asks for one of ours (`client_ca_file`), it ends the
connection: whoever does that at once is no less alive. Exits with 1, and says why, where there is no sign of life.
"""

import ssl
import sys
import urllib.request
from http.client import RemoteDisconnected

ADDRESS = "127.0.0.1:8080"
WITHIN_S = 1.0


def why_dead(address: str = ADDRESS) -> str:
    """Return why the engine does not seem to live; empty: it does."""
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    reasons = []
    for scheme in ("http", "https"):
        try:
            urllib.request.urlopen(f"{scheme}://{address}/livez", timeout=WITHIN_S, context=unverified).close()
        except OSError as error:
            cause = getattr(error, "reason", error)
            if scheme == "https" and isinstance(cause, RemoteDisconnected | ssl.SSLEOFError):
                return ""
            reasons.append(f"{scheme}: {error}")
        else:
            return ""
    return "; ".join(reasons)


if __name__ == "__main__":
    sys.exit(why_dead(*sys.argv[1:]) or 0)
