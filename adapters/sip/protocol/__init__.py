"""SIP without sockets or clocks (RFC 3261): octets in, messages and events out."""
