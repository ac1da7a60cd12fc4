// What is heard: a ring while something is offered, a tick for a line that nobody sees. Made here, no files.

import { ofBrowser } from "./storage.js";

const OFF = "trunkline-desk-sound-off";
const RING_EVERY_MS = 2500;

export class Sound {
  constructor() {
    this.on = ofBrowser.get(OFF) === null;
    this.ringing = 0;
    // Browsers let a page sound only once somebody has touched it.
    for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, () => this.#wake(), { passive: true });
  }

  set(on) {
    this.on = on;
    if (on) ofBrowser.remove(OFF);
    else ofBrowser.set(OFF, "1");
    if (!on) this.ring(false);
  }

  ring(rings) {
    const wanted = rings && this.on;
    if (wanted && !this.ringing) {
      this.#ringOnce();
      this.ringing = setInterval(() => this.#ringOnce(), RING_EVERY_MS);
    } else if (!wanted && this.ringing) {
      clearInterval(this.ringing);
      this.ringing = 0;
    }
  }

  tick() {
    if (this.on) this.#tone(1320, 0, 0.06, 0.05);
  }

  #ringOnce() {
    this.#tone(659, 0, 0.22, 0.12);
    this.#tone(880, 0.24, 0.3, 0.12);
  }

  #wake() {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") this.context.resume();
  }

  #tone(hertz, after, lasts, volume) {
    if (this.context?.state !== "running") return;
    const at = this.context.currentTime + after;
    const [tone, gain] = [this.context.createOscillator(), this.context.createGain()];
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(volume, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + lasts);
    tone.connect(gain).connect(this.context.destination);
    tone.start(at);
    tone.stop(at + lasts);
  }
}
