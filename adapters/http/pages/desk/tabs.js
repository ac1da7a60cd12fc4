// The desks that are open in this browser tell each other who signs in and out, and what would be lost by that.

const CHANNEL = "trunkline-desk";
const NOTHING = { agent: "", files: {} };

// Some browsers deny it along with the storage: then this tab hears of the others by the service alone.
function openChannel() {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch {
    return { postMessage() {} };
  }
}

export class Tabs {
  // Each takes what another tab tells: `onSignedIn` and `onSignedOut` an agent, `onRenewed` an agent's new session.
  constructor({ onSignedIn, onSignedOut, onRenewed }) {
    this.listeners = { onSignedIn, onSignedOut, onRenewed };
    this.name = crypto.getRandomValues(new Uint32Array(2)).join("");
    this.unsaid = NOTHING;
    this.others = new Map(); // what other tabs told so, by tab
    this.channel = openChannel();
    this.channel.onmessage = ({ data }) => this.#take(data);
    addEventListener("pagehide", () => this.#tellUnsaid(NOTHING));
    addEventListener("pageshow", () => this.#tellUnsaid(this.unsaid));
    this.#tell("who");
  }

  signedIn(agent) {
    this.#tell("signed_in", { agent });
  }

  signedOut(agent) {
    this.#forget(agent);
    this.#tell("signed_out", { agent });
  }

  renewed(session) {
    this.#tell("renewed", { session });
  }

  /** What stands in this tab and nowhere else: words of an agent, and the names of `files` under way by contact. */
  setUnsaid(unsaid) {
    if (JSON.stringify(unsaid) === JSON.stringify(this.unsaid)) return;
    this.unsaid = unsaid;
    this.#tellUnsaid(unsaid);
  }

  /** Whether words of an agent stand in another tab. They told so before, as a tab that sleeps could not be asked. */
  hasWordsElsewhere(agent) {
    return [...this.others.values()].some((unsaid) => unsaid.agent === agent);
  }

  /** The name of a file that is under way to a contact in another tab; empty: none is. */
  fileElsewhere(agent, contact) {
    return [...this.others.values()].find((unsaid) => unsaid.agent === agent && unsaid.files[contact])?.files[contact] ?? "";
  }

  #tellUnsaid(unsaid) {
    this.#tell("unsaid", { tab: this.name, unsaid });
  }

  #tell(what, more = {}) {
    this.channel.postMessage({ what, ...more });
  }

  #take({ what, tab, unsaid, agent, session }) {
    if (what === "who") this.#tellUnsaid(this.unsaid);
    else if (what === "unsaid" && unsaid.agent) this.others.set(tab, unsaid);
    else if (what === "unsaid") this.others.delete(tab);
    else if (what === "renewed") this.listeners.onRenewed(session);
    else if (what === "signed_in") this.listeners.onSignedIn(agent);
    else if (what === "signed_out") {
      this.#forget(agent);
      this.listeners.onSignedOut(agent);
    }
  }

  #forget(agent) {
    for (const [tab, unsaid] of [...this.others]) if (unsaid.agent === agent) this.others.delete(tab);
  }
}
