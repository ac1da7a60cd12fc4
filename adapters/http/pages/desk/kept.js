// What a tab keeps over a reload for the agent who sits there: what is half written, and what is not delivered. It is gone
// with their sign-out, in all tabs of the browser, and where somebody else signs in.

const KEPT = "trunkline-desk-kept:"; // of the tab
const SIGNED_OUT = "trunkline-desk-signed-out:"; // of the browser: a name for the latest sign-out of each agent
const SIGNED_IN = "trunkline-desk-signed-in"; // of the browser: who was the latest

export class Kept {
  // `onSignedOut` takes an agent who has signed out in another tab; `isOpen` says whether the desk of this one is.
  constructor({ onSignedOut, isOpen }) {
    this.agent = undefined; // for whom things are kept now
    addEventListener("storage", ({ key, newValue }) => {
      if (key?.startsWith(SIGNED_OUT) && newValue) onSignedOut(key.slice(SIGNED_OUT.length));
      if (key === SIGNED_IN && newValue !== this.agent && !isOpen()) this.rest();
    });
  }

  /** Somebody has signed in: what was kept for others is gone. */
  begin(agent) {
    this.agent = agent;
    this.#remove((one) => one !== agent);
    localStorage.setItem(SIGNED_IN, agent);
  }

  /** Keeps something for an agent; nothing, where it is somebody else's turn. */
  write(agent, kind, said) {
    if (agent !== this.agent) return;
    try {
      if (said === undefined) sessionStorage.removeItem(this.#key(agent, kind));
      else sessionStorage.setItem(this.#key(agent, kind), JSON.stringify([this.#signedOut(agent), said]));
    } catch {
      // Storage that is full or denied costs nothing but this.
    }
  }

  /** What was kept for an agent, unless they signed out since: a browser may bring closed tabs back. */
  read(agent, kind) {
    try {
      const [signedOut, said] = JSON.parse(sessionStorage.getItem(this.#key(agent, kind)) ?? "[]");
      return signedOut === this.#signedOut(agent) ? said : undefined;
    } catch {
      return undefined;
    }
  }

  /** Somebody else has signed in elsewhere: the page may go on later, the storage is theirs. */
  rest() {
    this.agent = undefined;
    this.#remove(() => true);
  }

  signOut(agent) {
    this.rest();
    localStorage.setItem(SIGNED_OUT + agent, crypto.getRandomValues(new Uint32Array(2)).join(""));
  }

  #key(agent, kind) {
    return `${KEPT}${kind} ${agent}`;
  }

  #signedOut(agent) {
    return localStorage.getItem(SIGNED_OUT + agent) ?? "";
  }

  #remove(isGone) {
    const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(KEPT));
    for (const key of keys) if (isGone(key.slice(key.indexOf(" ") + 1))) sessionStorage.removeItem(key);
  }
}
