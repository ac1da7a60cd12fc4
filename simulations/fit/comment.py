"""Comments of the files that are written: whatever a text holds, it stays one line of them."""


def comment(text: str, indent: int = 0) -> str:
    """Return a text as one line of comment. What is no printable character, as a line break in a name, is a space."""
    return " " * indent + "# " + "".join(letter if letter.isprintable() else " " for letter in text)
