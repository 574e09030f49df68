// A verified download in the browser, by WebTorrent.

import { BackingOff } from './backoff.js';
import { Disk } from './disk.js';
import { Fault, missingScript } from './faults.js';
import { Pace } from './pace.js';
import { REPLACED } from './seeds.js';

// Without an end, one overwritten object makes a tab fetch tens of megabytes a second for nothing.
const BAD_PIECES = 5;
const TICK_MILLISECONDS = 500;
// Several large pieces at once would each take long on a slow line.
const LARGE_PIECE = 4 * 1024 * 1024;
const FULL = 'The browser has no more room for this page, so the download stopped. Use a BitTorrent client instead.';

/**
 * Downloads `torrent` from `webSeeds` and from peers, and returns the object as a file in the browser's storage, with
 * `discard()`, which removes it from there. Until that is called, the object is shared with peers. Aborting `signal`
 * ends it and removes what has arrived; `progress` is told how it goes, see `report`.
 */
export async function download(torrent, infoHash, webSeeds, signal, progress) {
  const WebTorrent = await webTorrent();
  signal.throwIfAborted();
  const disk = new Disk(infoHash, torrent.length, torrent.pieceLength);
  const client = new WebTorrent({ webSeeds: false, tracker: hasPeers(torrent) });
  const ended = () => new Promise((resolve) => client.destroy(() => disk.close(resolve)));
  const discard = () => ended().then(() => new Promise((resolve) => disk.destroy(resolve)));
  try {
    await disk.open();
    await whole(client, disk, torrent, webSeeds, signal, progress);
    return { file: await disk.file(), discard };
  } catch (error) {
    await (error.kept ? ended() : discard());
    throw error.name === 'QuotaExceededError' ? new Error(FULL, { cause: error }) : error;
  }
}

/** Whether browsers can find each other: they reach trackers by WebSocket only. */
export function hasPeers({ trackers }) {
  return trackers.some((url) => url.startsWith('wss:'));
}

async function webTorrent() {
  try {
    return (await import('./webtorrent.min.js')).default;
  } catch (cause) {
    throw missingScript('webtorrent.min.js', cause);
  }
}

async function whole(client, disk, torrent, webSeeds, signal, progress) {
  const seeds = new Map();
  let timer;
  signal.throwIfAborted();
  try {
    await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      client.on('error', reject);
      const entry = client.add(torrent.bytes, {
        preloadedStore: disk,
        storeCacheSlots: 0,
        maxWebConns: torrent.pieceLength > LARGE_PIECE ? 1 : 4,
      });
      entry.on('error', reject);
      entry.on('metadata', () => webSeeds.forEach((url) => addSeed(entry, url, seeds, reject)));
      entry.on('warning', badPieces(reject));
      entry.on('done', resolve);
      timer = setInterval(reporter(entry, torrent, disk, seeds, progress), TICK_MILLISECONDS);
    });
  } finally {
    clearInterval(timer);
    for (const seed of seeds.values()) seed.close();
  }
}

/** The last seed that S3 refuses ends the download. */
function addSeed(entry, url, seeds, reject) {
  entry.addWebSeed(url);
  // WebTorrent is pinned, so that its inner names stay.
  const { conn } = entry._peers.get(url);
  const stop = (fault) => {
    seeds.delete(url);
    if (seeds.size === 0) reject(fault);
    else entry.removePeer(url);
  };
  seeds.set(url, new BackingOff(conn, url, entry.pieceLength, stop));
}

function badPieces(reject) {
  let count = 0;
  return ({ message }) => {
    if (!message.includes('failed verification')) return;
    count += 1;
    if (count === BAD_PIECES) {
      reject(new Fault(`Five pieces did not match the torrent, so the download stopped. ${REPLACED}`));
    }
  };
}

function reporter(entry, torrent, disk, seeds, progress) {
  const pace = new Pace(torrent.length);
  let verified = 0;
  entry.on('verified', (index) => {
    const start = index * torrent.pieceLength;
    verified += Math.min(torrent.pieceLength, torrent.length - start);
  });
  return () => {
    const webSeeds = [...seeds.values()];
    const peers = entry.wires.filter((wire) => wire.type !== 'webSeed').length;
    const pauses = webSeeds.map((seed) => seed.pause);
    const waits = peers === 0 && pauses.every(Boolean);
    if (entry.ready) {
      pace.note(verified);
      disk.remember(verified);
    }
    progress({
      ready: entry.ready,
      done: verified,
      seeds: webSeeds.length,
      peers,
      pause: waits ? pauses.toSorted((one, other) => one.until - other.until)[0] : null,
      ...pace,
    });
  };
}
