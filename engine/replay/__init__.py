"""Driver 2, the recorded log: rebuild the state from it, stop at any position, decide it again and compare."""
