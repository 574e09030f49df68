// A verified download in the browser, by WebTorrent.

import { inBinaryBytes } from './address.js';
import { Disk } from './disk.js';

// Without an end, one overwritten object makes a tab fetch tens of megabytes a second for nothing.
const BAD_PIECES = 5;
const TICK_MILLISECONDS = 500;
const STALLED_SECONDS = 45;
// WebTorrent gives a piece 60 seconds. Several large ones at once would each be too slow on a slow line.
const LARGE_PIECE = 4 * 1024 * 1024;
const FULL = 'The browser has no more room for this page, so the download was stopped. Use a BitTorrent program.';

/**
 * Downloads `torrent` from `webSeeds` and from peers, and returns the object as a file in the browser's storage, with
 * `discard()`, which removes it from there. Until that is called, the object is shared with peers. Aborting `signal`
 * ends it; `progress({ ready, done, rate, seeds, peers, stalled })` tells how it goes.
 */
export async function download(torrent, infoHash, webSeeds, signal, progress) {
  const { default: WebTorrent } = await import('./webtorrent.min.js');
  signal.throwIfAborted();
  const disk = new Disk(infoHash, torrent.length, torrent.pieceLength);
  const client = new WebTorrent({ webSeeds: false, tracker: hasPeers(torrent) });
  const discard = () => client.destroy(() => disk.destroy());
  try {
    await disk.open();
    await whole(client, disk, torrent, webSeeds, signal, progress);
    return { file: await disk.file(), discard };
  } catch (error) {
    discard();
    throw error.name === 'QuotaExceededError' ? new Error(FULL, { cause: error }) : error;
  }
}

/** Whether browsers can find each other: they reach trackers by WebSocket only. */
export function hasPeers({ trackers }) {
  return trackers.some((url) => url.startsWith('wss:'));
}

async function whole(client, disk, torrent, webSeeds, signal, progress) {
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
      entry.on('metadata', () => webSeeds.forEach((url) => entry.addWebSeed(url)));
      entry.on('warning', badPieces(reject));
      entry.on('done', resolve);
      timer = setInterval(reporter(entry, torrent, progress), TICK_MILLISECONDS);
    });
  } finally {
    clearInterval(timer);
  }
}

function badPieces(reject) {
  let count = 0;
  return ({ message }) => {
    if (!message.includes('failed verification')) return;
    count += 1;
    if (count === BAD_PIECES) {
      reject(
        new Error(
          `${BAD_PIECES} pieces were not those of the torrent, so the download was stopped. The object was replaced ` +
            'after this torrent was made. Load this page anew to get the torrent of the new object.',
        ),
      );
    }
  };
}

function reporter(entry, torrent, progress) {
  let received = -1;
  let changed = 0;
  return () => {
    const now = performance.now();
    if (entry.received !== received) [received, changed] = [entry.received, now];
    const stalled = entry.ready && now - changed > STALLED_SECONDS * 1000;
    const seeds = entry.wires.filter((wire) => wire.type === 'webSeed').length;
    progress({
      ready: entry.ready,
      done: entry.downloaded,
      rate: entry.downloadSpeed,
      seeds,
      peers: entry.wires.length - seeds,
      stalled: stalled && stalledText(torrent),
    });
  };
}

const stalledText = ({ pieceLength }) =>
  `Nothing has arrived for ${STALLED_SECONDS} seconds. A piece, here ${inBinaryBytes(pieceLength)}, has to arrive ` +
  'within 60 seconds: on a slow line, use a BitTorrent program.';
