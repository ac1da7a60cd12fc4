"""Callers, customers and agents that come in through the sockets, as a process of their own."""
