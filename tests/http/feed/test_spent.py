"""What telling costs is what it takes itself, so that boards do not slow down because others are at work."""

import threading
import time

from adapters.http.feed.spent import Spent


def burn(seconds: float) -> None:
    """Use so much of this thread's processor time."""
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


def test_others_work_is_not_counted() -> None:
    spent, other = Spent(), threading.Thread(target=burn, args=(0.2,))
    other.start()
    with spent:
        other.join()
    assert spent.seconds < 0.1


def test_work_is_counted_in_whatever_thread_it_is_done() -> None:
    spent = Spent()
    other = threading.Thread(target=spent.on, args=(lambda: burn(0.02),))
    other.start()
    other.join()
    with spent:
        burn(0.02)
    assert spent.seconds >= 0.04
