// Where WebTorrent keeps its pieces: a file in the browser's own storage, named by the info hash. So the size of an
// object is limited by the disk and not by memory, and a download that broke off goes on where it was.

import { Fault, missingScript } from './faults.js';

const FOLDER = 'torrents';
const KEPT_MILLISECONDS = 24 * 60 * 60 * 1000;

export class Disk {
  #worker = new Worker(new URL('disk-worker.js', import.meta.url));
  #waiting = new Map();
  #asked = 0;
  #name;
  #length;
  #end = 0;
  #closing;

  /** `chunkLength` and the callbacks of `put`, `get`, `close` and `destroy` are abstract-chunk-store's. */
  constructor(name, length, chunkLength) {
    this.#name = name;
    this.#length = length;
    this.chunkLength = chunkLength;
    this.#worker.onmessage = ({ data }) => this.#answered(data);
    // Its own errors are answers. This one is that there is no worker.
    this.#worker.onerror = () => this.#lost(missingScript('disk-worker.js'));
  }

  /** Opens the file, which only one tab at a time may do. */
  async open() {
    try {
      this.#end = await this.#ask('open', this.#name);
    } catch (error) {
      throw explained(error);
    }
  }

  put(index, bytes, done) {
    const at = index * this.chunkLength;
    this.#end = Math.max(this.#end, at + bytes.length);
    this.#ask('write', { at, bytes }).then(() => done(null), done);
  }

  get(index, options, done) {
    const start = index * this.chunkLength;
    const at = start + (options?.offset ?? 0);
    const length = options?.length ?? Math.min(start + this.chunkLength, this.#length) - at;
    if (at + length > this.#end) {
      queueMicrotask(() => done(new Error('This piece is not there yet.')));
      return;
    }
    this.#ask('read', { at, length }).then((bytes) => done(null, bytes), done);
  }

  close(done = () => {}) {
    this.#closing ??= this.#ask('close').then(() => this.#worker.terminate());
    this.#closing.then(() => done(null), done);
  }

  destroy(done = () => {}) {
    this.close(() => remove(this.#name).then(() => done(null), done));
  }

  /** The whole object, as a file that stays on the disk. */
  async file() {
    await this.#ask('flush');
    const folder = await directory();
    const file = await (await folder.getFileHandle(this.#name)).getFile();
    // With no type, a browser may guess one, and add an extension to the name that the file is saved under.
    return file.slice(0, file.size, 'application/octet-stream');
  }

  /** Notes how many bytes are verified, for the next visit. */
  remember(verified) {
    localStorage.setItem(noteOf(this.#name), verified);
  }

  #ask(action, argument) {
    const id = this.#asked++;
    this.#worker.postMessage({ id, action, argument });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #answered({ id, result, error }) {
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) reject(error);
    else resolve(result);
  }

  #lost(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#closing = Promise.resolve();
  }
}

/** How many verified bytes of a torrent an earlier visit has left, and how large their file is. */
export async function kept(name) {
  try {
    const { size } = await (await (await directory()).getFileHandle(name)).getFile();
    return { verified: Math.min(Number(localStorage.getItem(noteOf(name))), size), size };
  } catch (error) {
    if (error.name === 'NotFoundError') return { verified: 0, size: 0 };
    throw error;
  }
}

const noteOf = (name) => `verified-${name}`;

/** How many more bytes the browser promises this page room for. Some never promise more than 10 GiB, and give more. */
export async function room() {
  const { quota, usage } = await navigator.storage.estimate();
  return quota - usage;
}

/** Removes what earlier visits left, but not what another tab is writing. */
export async function removeLeftovers() {
  const folder = await directory();
  for await (const [name, handle] of folder.entries()) {
    const { lastModified } = await handle.getFile();
    if (Date.now() - lastModified > KEPT_MILLISECONDS) await remove(name).catch(() => {});
  }
}

async function remove(name) {
  await (await directory()).removeEntry(name);
  localStorage.removeItem(noteOf(name));
}

async function directory() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

function explained(error) {
  if (error instanceof Fault || error.name === 'QuotaExceededError') return error;
  const message =
    error.name === 'NoModificationAllowedError'
      ? 'Another tab is already downloading this file.'
      : `This browser cannot store files for this page, perhaps because the window is private (${error.name}).`;
  return new Error(message, { cause: error });
}
