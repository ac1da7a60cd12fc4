"""The version that is installed."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return the version of the distribution; `unknown` where the sources run without being installed."""
    try:
        return version("trunkline")
    except PackageNotFoundError:
        return "unknown"
