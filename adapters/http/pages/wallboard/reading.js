// How far the service has read its log for a moment that somebody asks for: a long log takes a while.

import { store } from "./store.js";
import { get } from "./link.js";
import { t, percent } from "./words.js";

const LOOK_MS = 500;

/** Returns what `asked` gives; while that takes long, `say` is given words of how far the log is read for the moment `at`. */
export async function followed(asked, at, say) {
  const timer = setInterval(async () => {
    const reading = await get(`/api/v1/boards/${encodeURIComponent(store.board.board)}/past/reading`).catch(() => null);
    if (waits && reading?.at_ns) say(Math.abs(reading.at_ns / 1e6 - at) < 1 ? t("replay_share", { share: percent(reading.share) }) : t("replay_reading"));
  }, LOOK_MS);
  let waits = true;
  try {
    return await asked;
  } finally {
    waits = false;
    clearInterval(timer);
  }
}
