// What is in a .torrent file (BEP 3), and its info hash.

import { Fault } from './faults.js';

/** Reads a .torrent. `files` are those of a collection, each with `path` and `length`; `null` for a single file. */
export function readTorrent(bytes) {
  const reader = new Reader(bytes);
  const torrent = reader.value();
  const info = torrent instanceof Map ? torrent.get('info') : null;
  if (!(info instanceof Map && info.get('pieces') instanceof Uint8Array)) throw damaged();
  const files = info.get('files')?.map(fileOf) ?? null;
  return {
    bytes,
    name: text(info.get('name.utf-8') ?? info.get('name')),
    files,
    length: files ? files.reduce((total, { length }) => total + length, 0) : info.get('length'),
    pieceLength: info.get('piece length'),
    pieceCount: info.get('pieces').length / 20,
    webSeeds: [torrent.get('url-list') ?? []].flat().map(text),
    trackers: [torrent.get('announce') ?? [], torrent.get('announce-list') ?? []].flat(2).map(text),
    info: reader.infoBytes,
  };
}

function fileOf(file) {
  return { path: (file.get('path.utf-8') ?? file.get('path')).map(text).join('/'), length: file.get('length') };
}

/** The 40 hex digits that name the torrent; `null` where the browser does not hash (pages not opened by https). */
export async function infoHash({ info }) {
  if (!crypto.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', info));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// A byte order mark is part of a name.
const text = (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** Bencode: integers, byte strings, lists, and dictionaries as maps. */
class Reader {
  #bytes;
  #at = 0;
  #depth = 0;
  /** The raw bytes of `info` in the outermost dictionary: what the info hash is of. */
  infoBytes;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  value() {
    switch (this.#peek()) {
      case 'i':
        this.#at += 1;
        return this.#integer('e');
      case 'l':
        return this.#until(() => this.value(), (items) => items);
      case 'd':
        return this.#until(() => this.#entry(), (entries) => new Map(entries));
      default:
        return this.#string();
    }
  }

  #entry() {
    const name = text(this.#string());
    const start = this.#at;
    const value = this.value();
    if (name === 'info' && this.#depth === 1) this.infoBytes = this.#bytes.subarray(start, this.#at);
    return [name, value];
  }

  #until(next, finish) {
    const items = [];
    this.#at += 1;
    this.#depth += 1;
    while (this.#peek() !== 'e') items.push(next());
    this.#at += 1;
    this.#depth -= 1;
    return finish(items);
  }

  #string() {
    const length = this.#integer(':');
    const end = this.#at + length;
    if (!(length >= 0 && end <= this.#bytes.length)) throw damaged();
    const string = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return string;
  }

  #integer(terminator) {
    const end = this.#bytes.indexOf(terminator.charCodeAt(0), this.#at);
    const digits = text(this.#bytes.subarray(this.#at, end));
    if (end < 0 || !/^-?\d{1,16}$/.test(digits)) throw damaged();
    this.#at = end + 1;
    return Number(digits);
  }

  #peek() {
    if (this.#at >= this.#bytes.length) throw damaged();
    return String.fromCharCode(this.#bytes[this.#at]);
  }
}

const damaged = () =>
  new Fault('The publisher’s server sent something that is not a torrent.', {
    owner: 'Is the endpoint that this page was made for the address of the function? make web ENDPOINT=… sets it.',
  });
