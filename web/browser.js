// The page's part for a download in the browser.

import { inBytes } from './address.js';
import { download, hasPeers } from './download.js';
import { removeLeftovers } from './disk.js';
import { faultOf } from './seeds.js';
import { element, hide, notice, show } from './view.js';

/** Offers it where it can work, and says why where it cannot. */
export function offerDownload(torrent, infoHash, seeds, object) {
  show('browser');
  const obstacle = obstacleOf(torrent, seeds);
  if (obstacle) {
    element('start').disabled = true;
    notice('outcome', obstacle, 'fault');
    return;
  }
  if (hasPeers(torrent)) {
    element('sharing').textContent =
      'Meanwhile it shares what it has with other browsers, which see your network address.';
  }
  removeLeftovers().catch(() => {});
  element('start').addEventListener('click', () => run(torrent, infoHash, seeds, object));
}

function obstacleOf(torrent, seeds) {
  if (!window.isSecureContext) {
    return 'This page was opened by http, and browsers check pieces only on pages opened by https. Open it by https.';
  }
  if (!navigator.storage?.getDirectory) return 'This browser is too old for this. Use a BitTorrent program.';
  if (seeds.length === 0) return 'The torrent names no web seed that a browser can read. Use a BitTorrent program.';
  return null;
}

async function run(torrent, infoHash, seeds, object) {
  const controller = new AbortController();
  const cancel = () => controller.abort(new Error('You cancelled the download.'));
  begin(torrent);
  element('cancel').addEventListener('click', cancel, { once: true });
  addEventListener('beforeunload', ask);
  try {
    const usable = await usableSeeds(seeds, object);
    controller.signal.throwIfAborted();
    const { file, discard } = await download(torrent, infoHash, usable, controller.signal, (now) =>
      progress(now, torrent),
    );
    complete(torrent, file, discard);
  } catch (error) {
    hide('done', 'rate');
    notice('outcome', error.message, 'fault');
  } finally {
    removeEventListener('beforeunload', ask);
    element('cancel').removeEventListener('click', cancel);
    hide('cancel');
    element('start').disabled = false;
  }
}

// The browser then asks whether to leave the page.
const ask = (event) => event.preventDefault();

function begin(torrent) {
  element('start').disabled = true;
  hide('rule', 'saving');
  notice('outcome', 'Looking whether this page may read the object …');
  element('done').max = torrent.length;
  element('done').value = 0;
  element('rate').textContent = '';
  show('cancel', 'done', 'rate');
}

/** The web seeds that this page may read. Without any, the fault of the first. */
async function usableSeeds(seeds, object) {
  const faults = await Promise.all(seeds.map(faultOf));
  const usable = seeds.filter((_, index) => faults[index] === null);
  if (usable.length > 0) return usable;
  if (faults[0].cors) await showRule(object);
  throw new Error(faults[0].message);
}

async function showRule({ bucket }) {
  const rule = await (await fetch('cors.json')).text();
  element('rule-command').textContent =
    `aws s3api put-bucket-cors --bucket ${bucket} --cors-configuration '${rule.trim()}'`;
  show('rule');
}

let said = '';

function progress({ ready, done, rate, seeds, peers, stalled }, torrent) {
  element('done').value = done;
  element('rate').textContent =
    `${inBytes(done)} of ${inBytes(torrent.length)}, ${inBytes(rate)} a second, ` +
    `web seeds: ${seeds}, peers: ${peers}`;
  const text = ready ? stalled || 'Downloading …' : 'Checking what an earlier visit has left here …';
  // A live region is read aloud at each change.
  if (text !== said) notice('outcome', text);
  said = text;
}

function complete(torrent, file, discard) {
  hide('done', 'rate', 'start');
  notice('outcome', `All ${inBytes(torrent.length)} are here, and every piece is checked.`, 'good');
  const save = element('save');
  save.href = URL.createObjectURL(file);
  save.download = torrent.name;
  show('saving');
  save.click();
  element('discard').addEventListener('click', () => remove(save, discard), { once: true });
}

function remove(save, discard) {
  URL.revokeObjectURL(save.href);
  discard();
  hide('saving');
  show('start');
  notice('outcome', 'The browser’s copy is deleted. What you saved stays.', 'good');
}
