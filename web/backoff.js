// How this page asks a web seed for pieces. WebTorrent's own requests go on at once after each failure, with another
// piece: 14 to 28 a second, of a server that is down.

import { Fault } from './faults.js';
import { HEADERS, isPassing, refused, REPLACED, unanswered } from './seeds.js';

const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 60;
// Without a byte for so long, a request has failed. Slow lines may take as long as they need.
const SILENCE_MILLISECONDS = 60_000;

/** One web seed. While it pauses, it chokes WebTorrent, which takes its pieces back for others to get. */
export class BackingOff {
  #connection;
  #url;
  #pieceLength;
  #stop;
  #failures = 0;
  #timer;
  #probe = null;
  #requests = new AbortController();
  /** Why it fails, in a visitor's words, and until when it pauses; `null` while it works. */
  pause = null;

  /**
   * Takes over the requests of WebTorrent's `connection` to `url`. `stop(fault)` is called if S3 refuses the file for
   * good.
   */
  constructor(connection, url, pieceLength, stop) {
    this.#connection = connection;
    this.#url = url;
    this.#pieceLength = pieceLength;
    this.#stop = stop;
    connection.httpRequest = (...request) => this.#serve(...request);
  }

  /** Ends all requests. */
  close() {
    clearTimeout(this.#timer);
    this.#requests.abort();
  }

  /** Gives `done` the bytes, or never calls it: then the connection chokes, which returns the request. */
  async #serve(piece, offset, length, done) {
    const { signal } = this.#requests;
    // After a failure one request finds out whether it is over.
    while (this.#failures > 0 && this.#probe) await this.#probe;
    if (signal.aborted) return;
    const fetching = this.#fetch(piece * this.#pieceLength + offset, length, signal);
    if (this.#failures > 0) this.#probe = fetching.catch(() => {});
    try {
      const bytes = await fetching;
      this.#failures = 0;
      this.#probe = this.pause = null;
      done(null, bytes);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  async #fetch(start, length, signal) {
    const silence = new AbortController();
    let timer;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
    };
    listen();
    try {
      const response = await fetch(this.#url, {
        cache: 'no-store',
        headers: { ...HEADERS, range: `bytes=${start}-${start + length - 1}` },
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (isPassing(response.status)) throw new Error(`S3 is busy or out of order (it answered ${response.status}).`);
      if (!response.ok) throw refused(response.status);
      return await read(response, length, listen);
    } catch (error) {
      // What fetch itself throws is not for people.
      throw error instanceof TypeError || error.name === 'AbortError' ? new Error(unanswered(this.#url)) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  #failed(error) {
    this.close();
    this.#requests = new AbortController();
    this.#probe = null;
    if (error instanceof Fault) {
      this.#stop(error);
      return;
    }
    const seconds = Math.min(FIRST_PAUSE_SECONDS * 2 ** this.#failures, LONGEST_PAUSE_SECONDS);
    this.#failures += 1;
    this.pause = { until: performance.now() + seconds * 1000, reason: error.message };
    this.#connection.choke();
    this.#timer = setTimeout(() => this.#connection.unchoke(), seconds * 1000);
  }
}

/** The body, which must have just so many bytes. */
async function read(response, length, heard) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const chunk of chunks(response.body.getReader())) {
    heard();
    if (at + chunk.length > length) throw new Fault(REPLACED);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at < length) throw new Fault(REPLACED);
  return bytes;
}

async function* chunks(reader) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
