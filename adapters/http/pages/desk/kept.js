// What a tab keeps over a reload for the agent who sits there: what is half written, and what is not delivered. It is gone
// with their sign-out, in all tabs of the browser, and where somebody else signs in.

import { ofBrowser, ofTab } from "./storage.js";

const KEPT = "trunkline-desk-kept:"; // of the tab
// Of the browser, made by chance, and gone with each sign-out: what was kept under another one counts no more, in tabs that
// a browser brings back, too. Where it cannot be kept, nothing is.
const MARK = "trunkline-desk-mark";

// The pair of a mark and what was kept; none of what is not one: whatever runs in the browser may write there.
function parsed(kept) {
  try {
    const pair = JSON.parse(kept);
    return Array.isArray(pair) ? pair : [];
  } catch {
    return [];
  }
}

export class Kept {
  // `onWrite` is called whenever what is written has changed, whether or not it is kept.
  constructor({ onWrite }) {
    this.agent = undefined; // for whom things are kept now
    this.onWrite = onWrite;
    this.#remove((agent, kind) => this.#marked(agent, kind) === undefined); // of before a sign-out that this tab slept through
  }

  /** Somebody has signed in: what was kept for others is gone. */
  begin(agent) {
    this.agent = agent;
    this.#remove((one) => one !== agent);
    this.#mark();
  }

  /** Keeps something for an agent; nothing, where it is somebody else's turn. */
  write(agent, kind, said) {
    this.onWrite();
    if (agent !== this.agent) return;
    const [key, mark] = [this.#key(agent, kind), this.#mark()];
    if (said === undefined) ofTab.remove(key);
    else if (mark) ofTab.set(key, JSON.stringify([mark, said]));
  }

  /** What was kept for an agent, where it `fits`, unless somebody signed out since: a browser may bring closed tabs back. */
  read(agent, kind, fits) {
    const said = this.#marked(agent, kind);
    return said !== undefined && fits(said) ? said : undefined;
  }

  /** Another agent has signed in elsewhere: the page may go on later, the storage is theirs. */
  giveWay(agent) {
    if (agent !== this.agent) this.agent = undefined;
    this.#remove((one) => one !== agent);
  }

  /** The agent has signed out, here or in another tab. */
  end() {
    this.agent = undefined;
    this.#remove(() => true);
  }

  /** The agent signs out here: what any tab has kept counts no more. Those that hear of it late leave what is new alone. */
  endAll() {
    this.end();
    ofBrowser.remove(MARK);
  }

  #marked(agent, kind) {
    const [mark, said] = parsed(ofTab.get(this.#key(agent, kind)));
    return mark && mark === ofBrowser.get(MARK) ? said : undefined;
  }

  #key(agent, kind) {
    return `${KEPT}${kind} ${agent}`;
  }

  #mark() {
    const known = ofBrowser.get(MARK);
    if (known) return known;
    const mark = crypto.getRandomValues(new Uint32Array(2)).join("");
    return ofBrowser.set(MARK, mark) ? mark : undefined;
  }

  #remove(isGone) {
    for (const key of ofTab.keys().filter((one) => one.startsWith(KEPT))) {
      const at = key.indexOf(" ");
      if (isGone(key.slice(at + 1), key.slice(KEPT.length, at))) ofTab.remove(key);
    }
  }
}
