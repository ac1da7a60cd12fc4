"""Web chat: a widget for any page, and the public listener that it speaks with."""
