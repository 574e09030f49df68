// How fast a download is, from the bytes that were verified.

const WINDOW_MILLISECONDS = 30_000;
const STALLED_MILLISECONDS = 45_000;

export class Pace {
  #length;
  #samples = [];
  #changed = performance.now();
  /** Bytes a second. */
  rate = 0;
  /** Seconds that are left at this rate; `null` while there is none. */
  left = null;
  /** Whether nothing was verified for 45 seconds. */
  stalled = false;

  constructor(length) {
    this.#length = length;
  }

  /** So many bytes are verified by now. */
  note(done) {
    const at = performance.now();
    if (done !== this.#samples.at(-1)?.done) this.#changed = at;
    this.#samples.push({ at, done });
    // The first one is the last before the window.
    while (this.#samples.length > 2 && at - this.#samples[1].at > WINDOW_MILLISECONDS) this.#samples.shift();
    const [first] = this.#samples;
    this.rate = at > first.at ? ((done - first.done) / (at - first.at)) * 1000 : 0;
    this.left = this.rate > 0 ? (this.#length - done) / this.rate : null;
    this.stalled = at - this.#changed > STALLED_MILLISECONDS;
  }
}
