// The socket: it comes back by itself, goes on from where the page is, and sends again what was not answered.

const SHORTEST_MS = 500;
const LONGEST_MS = 15_000;
const ALIVE_EVERY_MS = 15_000;

export function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Wire {
  constructor({ hello, onTold, onState, onEnd, onSettled }) {
    this.hello = hello;
    this.onTold = onTold;
    this.onState = onState;
    this.onEnd = onEnd;
    this.onSettled = onSettled;
    this.underWay = new Map();
    this.questions = new Map();
    this.failures = 0;
    this.stopped = true;
    this.active = Date.now(); // when somebody did something at the page: opening it counts
    this.activeSaid = 0;
    const hurry = () => document.visibilityState === "visible" && this.hurry();
    addEventListener("online", hurry);
    addEventListener("pageshow", hurry);
    document.addEventListener("visibilitychange", hurry);
    for (const kind of ["keydown", "pointerdown", "wheel"]) addEventListener(kind, () => (this.active = Date.now()), { passive: true });
    setInterval(() => this.#alive(), ALIVE_EVERY_MS);
  }

  open() {
    this.stopped = false;
    clearTimeout(this.timer);
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/ws/desk`);
    this.socket = socket;
    this.onState("connecting");
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "hello", after: this.hello() }));
      this.#alive();
      for (const { command } of this.underWay.values()) this.#send({ type: "do", command });
      for (const { question } of this.questions.values()) this.#send({ type: "ask", question });
    };
    socket.onmessage = (message) => this.#told(JSON.parse(message.data));
    socket.onclose = () => socket === this.socket && this.#lost();
  }

  close() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  // Another session holds from now on: a socket of it takes the place of the one before.
  renew() {
    const before = this.socket;
    this.open();
    before?.close();
  }

  // What was under way belongs to who was signed in; lines wait in the tab's storage for the same agent.
  forget() {
    this.underWay.clear();
    this.questions.clear();
  }

  hurry() {
    if (this.stopped || this.socket?.readyState <= WebSocket.OPEN) return;
    this.failures = 0;
    this.open();
  }

  do(command) {
    const named = { id: freshId(), ...command };
    return this.again(named);
  }

  again(command) {
    return new Promise((resolve) => {
      this.underWay.set(command.id, { command, resolve });
      this.onSettled();
      this.#send({ type: "do", command });
    });
  }

  ask(question) {
    const named = { id: freshId(), ...question };
    return new Promise((resolve) => {
      this.questions.set(named.id, { question: named, resolve });
      this.#send({ type: "ask", question: named });
    });
  }

  tell(said) {
    this.#send(said);
  }

  #send(said) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(said));
  }

  // What the page does by itself, reading and asking, says nothing of who sits before it: this does.
  #alive() {
    if (this.active === this.activeSaid || this.socket?.readyState !== WebSocket.OPEN) return;
    this.activeSaid = this.active;
    this.#send({ type: "alive", ago_s: Math.max(0, (Date.now() - this.active) / 1000) });
  }

  #told(told) {
    if (told.type === "done") this.#settled(told);
    else if (told.type === "answer") {
      this.questions.get(told.id)?.resolve(told);
      this.questions.delete(told.id);
    } else if (told.type === "end") {
      this.ended = told.reason;
      if (told.reason !== "stopping") {
        this.close();
        this.onEnd(told.reason);
      }
    } else {
      this.failures = 0;
      this.onState("live");
      this.onTold(told);
    }
  }

  #settled(told) {
    const waiting = this.underWay.get(told.id);
    if (!waiting) return;
    if (told.again_s) {
      setTimeout(() => this.#send({ type: "do", command: waiting.command }), 1000 * told.again_s);
      return;
    }
    this.underWay.delete(told.id);
    this.onSettled();
    waiting.resolve(told);
  }

  #lost() {
    if (this.stopped) return;
    this.onState("lost");
    const wait = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** this.failures) * (0.5 + Math.random() / 2);
    this.failures += 1;
    this.timer = setTimeout(() => this.#retry(), wait);
  }

  async #retry() {
    try {
      const answer = await fetch("/api/v1/desk/session");
      if (answer.status === 204) return this.onEnd("session_over");
    } catch {
      // Nobody is there: the socket will not be either, and the next try is further off.
    }
    if (!this.stopped) this.open();
  }
}
