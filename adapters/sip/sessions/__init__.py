"""Session descriptions within a call: offered by us or by a side, carried over, held and taken back."""
