// The page's part for a download in the browser.

import { inBytes, shellQuoted } from './address.js';
import { removeLeftovers, room } from './disk.js';
import { download, hasPeers } from './download.js';
import { faultOf } from './seeds.js';
import { element, hide, notice, show } from './view.js';

/** Offers it where it can work, and says why where it cannot. */
export function offerDownload(torrent, infoHash, seeds, object) {
  show('browser');
  const obstacle = obstacleOf(seeds);
  if (obstacle) {
    notice('outcome', obstacle, 'fault');
    return;
  }
  if (hasPeers(torrent)) {
    element('sharing').textContent =
      'Meanwhile it shares what it has with other browsers, which see your network address.';
  }
  show('starting');
  element('start').addEventListener('click', () => run(torrent, infoHash, seeds, object));
  removeLeftovers().then(() => warnOfSize(torrent)).catch(() => {});
}

function obstacleOf(seeds) {
  if (!window.isSecureContext) {
    return 'This page was opened by http, and browsers check pieces only on pages opened by https. Open it by https.';
  }
  if (!navigator.storage?.getDirectory) {
    return 'This browser keeps no files for pages, which this needs. Use a BitTorrent program.';
  }
  if (seeds.length === 0) return 'The torrent names no web seed that a browser can read. Use a BitTorrent program.';
  return null;
}

async function warnOfSize(torrent) {
  const promised = await room();
  if (torrent.length < promised) return;
  element('small').textContent =
    `The browser promises this page room for ${inBytes(promised)} only. A BitTorrent program is the better choice.`;
  show('small');
}

async function run(torrent, infoHash, seeds, object) {
  const controller = new AbortController();
  const cancel = () => controller.abort(new Error('You cancelled the download.'));
  begin(torrent);
  element('cancel').addEventListener('click', cancel);
  addEventListener('beforeunload', ask);
  try {
    const usable = await usableSeeds(seeds, object);
    controller.signal.throwIfAborted();
    const report = (now) => progress(now, torrent);
    const { file, discard } = await download(torrent, infoHash, usable, controller.signal, report);
    complete(torrent, file, discard);
  } catch (error) {
    end('starting', 'start');
    notice('outcome', error.message, 'fault');
  } finally {
    removeEventListener('beforeunload', ask);
    element('cancel').removeEventListener('click', cancel);
  }
}

// The browser then asks whether to leave the page.
const ask = (event) => event.preventDefault();

function begin(torrent) {
  hide('rule', 'rule-box', 'starting');
  notice('outcome', 'Looking whether this page may read the object …');
  element('done').max = torrent.length;
  element('done').value = 0;
  element('rate').textContent = '';
  show('running', 'done', 'rate');
  element('cancel').focus();
}

/** Shows what can be done next. Whoever came to the last button by keyboard goes on from the next. */
function end(line, control) {
  const focused = document.activeElement === element('cancel');
  hide('running', 'done', 'rate');
  show(line);
  if (focused) element(control).focus();
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
    `aws s3api put-bucket-cors --bucket ${bucket} --cors-configuration ${shellQuoted(rule.trim())}`;
  show('rule', 'rule-box');
}

function progress({ ready, done, rate, seeds, peers, stalled }, torrent) {
  element('done').value = done;
  element('rate').textContent =
    `${inBytes(done)} of ${inBytes(torrent.length)}, ${inBytes(rate)} a second, ` +
    `web seeds: ${seeds}, peers: ${peers}`;
  const text = ready ? stalled || 'Downloading …' : 'Checking what an earlier visit has left here …';
  // A screen reader reads each change aloud.
  if (text !== element('outcome-text').textContent) notice('outcome', text);
}

function complete(torrent, file, discard) {
  const save = element('save');
  save.href = URL.createObjectURL(file);
  save.download = torrent.name;
  end('saving', 'save');
  const text =
    `All ${inBytes(torrent.length)} are here, and every piece is checked. Your browser saves the file now; if it does ` +
    'not, use the button. Until you delete it, the browser keeps a copy for this page.';
  notice('outcome', text, 'good');
  save.click();
  element('discard').addEventListener('click', () => remove(save, discard), { once: true });
}

function remove(save, discard) {
  URL.revokeObjectURL(save.href);
  discard();
  hide('saving');
  show('starting');
  element('start').focus();
  notice('outcome', 'The browser’s copy is deleted. The file that you saved stays.', 'good');
}
