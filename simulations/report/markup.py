"""Elements of a page: whatever a name holds, the serialiser escapes it."""

from collections.abc import Iterable
from xml.etree import ElementTree

Element = ElementTree.Element
Child = Element | str | None


def el(tag: str, *children: Child | Iterable[Child], **attributes: str | float | None) -> Element:
    """Return an element. Of attributes `class_` is `class`, `text_anchor` is `text-anchor`; None leaves one out."""
    made = ElementTree.Element(
        tag, {key.rstrip("_").replace("_", "-"): _text(value) for key, value in attributes.items() if value is not None}
    )
    for child in children:
        for one in [child] if child is None or isinstance(child, str | ElementTree.Element) else child:
            _append(made, one)
    return made


def _append(parent: Element, child: Child) -> None:
    if child is None:
        return
    if isinstance(child, str):
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + child
        else:
            parent.text = (parent.text or "") + child
    else:
        parent.append(child)


def _text(value: str | float | None) -> str:
    return value if isinstance(value, str) else short(value or 0.0)


def short(value: float) -> str:
    """Return a coordinate to a tenth, without what is not needed."""
    return f"{value:.1f}".removesuffix(".0")


def html(element: Element) -> str:
    """Return the text of an element."""
    return ElementTree.tostring(element, encoding="unicode", method="html")
