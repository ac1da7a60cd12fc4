"""From a request to a fact: its body, its parameters, and the commands that an address and a body make together."""
