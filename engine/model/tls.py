"""The section of a configuration that says by which certificate a service is offered, and whom it trusts."""

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import Field

from engine.errors import TlsFilesUnusable
from engine.model.fields import Section


class ServerTls(Section):
    """A certificate with its key, and optionally the authorities of those who may connect."""

    certificate_file: Annotated[str, Field(min_length=1)]
    """The certificate, followed by those between it and the authority, as PEM."""
    key_file: Annotated[str, Field(min_length=1)]
    """Its private key, as PEM, without a passphrase."""
    client_ca_file: str = ""
    """Authorities that must have signed the certificates of those who connect; empty: they need none."""

    def server_context(self) -> ssl.SSLContext:
        """Return a context that offers this certificate. Raises TlsFilesUnusable and OSError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.load_certificate(context)
        if self.client_ca_file:
            load_authorities(context, self.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def read(self) -> tuple[bytes, bytes]:
        """Return what the files of the certificate and of the key hold. Raises OSError."""
        return Path(self.certificate_file).read_bytes(), Path(self.key_file).read_bytes()

    def load_certificate(self, context: ssl.SSLContext) -> None:
        """Let a context show this certificate. Raises TlsFilesUnusable and OSError."""
        self.read()  # says which file cannot be read; what is below does not
        try:
            context.load_cert_chain(self.certificate_file, self.key_file, password=_no_passphrase)
        except ssl.SSLError as error:
            why = error.reason or "they are no PEM"
            raise TlsFilesUnusable(
                f"{self.certificate_file} and {self.key_file} are no certificate with its key ({why}); write "
                "the chain of certificates and the key, without a passphrase, both as PEM"
            ) from None


class OfferedCertificate:
    """A certificate as it is offered: by `context`, and by others that show it as well.

    What its files hold later is offered by `renew`; connections that are there go on. Raises as `server_context`.
    """

    def __init__(self, tls: ServerTls, *others: ssl.SSLContext) -> None:
        self._tls = tls
        self._read = tls.read()
        self.context = tls.server_context()
        self._all = (self.context, *others)

    def renew(self) -> bool:
        """Offer what the files hold now; returns whether that is another. Raises, and offers that of before on."""
        found = self._tls.read()
        if found == self._read:
            return False
        self._tls.server_context()  # whole and fitting, before any of it is taken over
        for context in self._all:
            self._tls.load_certificate(context)
        self._read = found
        return True


def load_authorities(context: ssl.SSLContext, file: str) -> None:
    """Let a context trust the authorities of a file. Raises TlsFilesUnusable and OSError."""
    Path(file).read_bytes()
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        raise TlsFilesUnusable(f"{file} holds no certificates of authorities as PEM ({error.reason})") from None


def _no_passphrase() -> str:
    """For a key that has a passphrase: without an answer, the process would ask for it at a terminal."""
    return ""
