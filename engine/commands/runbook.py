"""A continuity plan on paper: what it does, how it is activated and ended, and what people do themselves."""

import shlex
from collections.abc import Iterator
from typing import Any, Final, Literal

from engine.commands.plan import in_words, title_of, what_of, with_shown
from engine.model.durations import format_duration
from engine.model.plan_views import PlanDetail
from engine.model.settings import SECOND_NS

Language = Literal["en", "vi"]
WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "tier": "Tier {tier} (1 is the gravest). It may be in force for {most}{review}.",
        "review": ", and is looked at anew every {every}",
        "drill": "It is only ever an exercise.",
        "told": "What agents and supervisors are told",
        "activate": "Activate",
        "on_the_wall": "On the wallboard: the flag in the head, the plan, why, press twice. Or:",
        "changes": "What changes, as it stood when this was printed",
        "head": "| of | setting | now | then |",
        "nothing": "Nothing would change.",
        "people": "What people do themselves",
        "home": "{share} of the agents of {site} work on from home: after {after}, within {ramp}. They sign in there.",
        "say": "Callers of {queue} are told: “{text}”. Somebody changes the greeting.",
        "look": "Look on the wallboard whether it helps: service level, given up, turned away.",
        "call": "Call back who is owed a callback.",
        "end": "End",
        "put_back": "Everything is put back. At the end of its time it ends by itself; agents then sign in themselves.",
        "signed": "Printed at position {as_of} of the log. Activated by: ____________ at: ________ ended at: ________",
    },
    "vi": {
        "tier": "Cấp {tier} (1 là nghiêm trọng nhất). Có thể áp dụng trong {most}{review}.",
        "review": ", và được xem xét lại mỗi {every}",
        "drill": "Chỉ dùng để diễn tập.",
        "told": "Thông báo cho tổng đài viên và giám sát",
        "activate": "Kích hoạt",
        "on_the_wall": "Trên bảng theo dõi: lá cờ ở đầu trang, chọn phương án, lý do, nhấn hai lần. Hoặc:",
        "changes": "Những gì thay đổi, tính đến lúc in",
        "head": "| của | thiết lập | hiện tại | sau đó |",
        "nothing": "Không có gì thay đổi.",
        "people": "Việc con người tự làm",
        "home": "{share} tổng đài viên của {site} làm việc tại nhà: sau {after}, trong vòng {ramp}. Họ tự đăng nhập.",
        "say": "Khách gọi đến {queue} được thông báo: “{text}”. Cần có người đổi lời chào.",
        "look": "Theo dõi xem có hiệu quả không: mức độ dịch vụ, bỏ cuộc, bị từ chối.",
        "call": "Gọi lại cho những khách đang chờ gọi lại.",
        "end": "Kết thúc",
        "put_back": "Mọi thứ được khôi phục. Hết thời hạn thì tự kết thúc; tổng đài viên khi đó tự đăng nhập.",
        "signed": "In tại vị trí {as_of} của nhật ký. Người kích hoạt: __________ lúc: ________ kết thúc lúc: ________",
    },
}


def runbook(found: PlanDetail, language: Language, url: str) -> str:
    """Return the runbook as Markdown."""
    return "\n".join(_lines(found, WORDS[language], language, url)) + "\n"


def _lines(found: PlanDetail, words: dict[str, str], language: str, url: str) -> Iterator[str]:
    plan, command = found.plan, f"trunkline plan {{}} {shlex.quote(found.plan.plan)} --url {shlex.quote(url)}"
    effects = {word: with_shown(word, said, found.shown) for word, said in plan.effects.items()}
    every_s = plan.review_every_s
    review = words["review"].format(every=_lasting(every_s)) if every_s else ""
    yield from (f"# {title_of(plan, language)}", "")
    yield words["tier"].format(tier=plan.tier, most=_lasting(plan.max_duration_s), review=review)
    if plan.drill:
        yield from ("", words["drill"])
    if plan.message:
        yield from ("", f"{words['told']}: {_text(plan.message, language)}")
    yield from ("", f"## 1. {words['activate']}", "", words["on_the_wall"], "")
    yield f"    {command.format('preview')}"
    yield f'    {command.format("activate")} --until 2h --reason "..."'
    yield from ("", f"## 2. {words['changes']}", "")
    if found.changes and not plan.active:
        yield from (words["head"], "|---|---|---|---|")
        yield from (
            f"| {what_of(one, found.shown)} | {one.setting} | {one.now} | {one.then} |" for one in found.changes
        )
    elif found.changes:
        yield from (f"* {word}: {in_words(said)}" for word, said in effects.items())
    else:
        yield words["nothing"]
    yield from ("", f"## 3. {words['people']}", "")
    yield from (f"* {line}" for line in _of_people(effects, words, language))
    yield from ("", f"## 4. {words['end']}", "", f'    {command.format("deactivate")} --reason "..."', "")
    yield from (words["put_back"], "", words["signed"].format(as_of=found.as_of))


def _of_people(effects: dict[str, Any], words: dict[str, str], language: str) -> Iterator[str]:
    for home in effects.get("work_from_home", ()):
        yield words["home"].format(**home)
    for queue, texts in effects.get("announce", {}).items():
        yield words["say"].format(queue=queue, text=_text(texts, language))
    yield words["look"]
    if "callback_after" in effects:
        yield words["call"]


def _text(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or texts.get("") or next(iter(texts.values()), "")


def _lasting(seconds: float) -> str:
    return format_duration(int(seconds * SECOND_NS))
