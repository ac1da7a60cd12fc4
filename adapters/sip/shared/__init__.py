"""What every call shares: the way to the engine, the ways out, farewells, and what is undone."""
