"""Datagrams and connections: where messages come in and go out."""
