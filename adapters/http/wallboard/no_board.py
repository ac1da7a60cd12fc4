"""What somebody sees whose browser asks for a board that there is not: words, and the boards there are."""

from collections.abc import Mapping
from html import escape
from typing import Final

from adapters.http.boards import BoardSettings

SHOWN_MAX: Final = 64
"""Letters of the name that was asked for."""
WORDS: Final = (
    (
        "en",
        "There is no board called “{name}”. Perhaps it was renamed or taken out of the configuration, or its name was "
        "mistyped. These are there:",
    ),
    (
        "vi",
        "Không có bảng nào tên là “{name}”. Có thể bảng đã được đổi tên hoặc đã bị bỏ khỏi cấu hình, hoặc tên bị gõ "
        "sai. Hiện có các bảng sau:",
    ),
)


def no_board(name: str, boards: Mapping[str, BoardSettings]) -> str:
    """Return the body of the page: the same in each language, then a link to every board."""
    shown = escape(name[:SHOWN_MAX])
    said = "".join(f'<p lang="{language}">{words.format(name=shown)}</p>' for language, words in WORDS)
    links = "".join(
        f'<li><a href="/wallboard/{board}">{board}</a>{f" – {escape(settings.title)}" if settings.title else ""}</li>'
        for board, settings in boards.items()
    )
    return f"{said}<ul>{links}</ul>"
