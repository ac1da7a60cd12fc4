"""The deterministic router: pure, compiled, and the only place with numba. Live, replay and simulation all run it."""
