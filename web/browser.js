// The page's part for a download in the browser.

import { kept, removeLeftovers, room } from './disk.js';
import { download, hasPeers } from './download.js';
import { usableSeeds } from './seeds.js';
import { element, fault, hide, notice, show } from './view.js';
import { harmless, inBinaryBytes, inBytes, inTime, percent, visible } from './words.js';

// The info hash of the download that runs in this tab, to go on after a reload.
const RUNNING = 'running';

/** Offers it where it can work, and says why where it cannot. Whether it is a good choice is what this returns. */
export async function offerDownload(torrent, infoHash, seeds, object) {
  const obstacle = obstacleOf(seeds);
  if (obstacle) {
    notice('outcome', obstacle, 'fault');
    return false;
  }
  if (hasPeers(torrent)) {
    element('sharing').textContent =
      'Meanwhile it shares what it has with other browsers, which see your network address.';
  }
  const go = () => run(torrent, infoHash, seeds, object);
  element('start').addEventListener('click', go);
  show('starting', 'meanwhile');
  await removeLeftovers().catch(() => {});
  const { verified, size } = await keptOf(infoHash);
  showKept(torrent, verified);
  const fits = await warnOfSize(torrent, size).catch(() => true);
  const [{ type }] = performance.getEntriesByType('navigation');
  if (type === 'reload' && sessionStorage.getItem(RUNNING) === infoHash) go();
  return fits;
}

function obstacleOf(seeds) {
  if (!window.isSecureContext) {
    return 'This page was loaded over HTTP, and browsers can verify pieces only on HTTPS pages. Reload it over HTTPS.';
  }
  if (!navigator.storage?.getDirectory) {
    return 'This browser cannot store files for web pages, which the download needs. Use a BitTorrent client instead.';
  }
  if (seeds.length === 0) {
    return 'The torrent names no web seed that a browser can read. Use a BitTorrent client instead.';
  }
  return null;
}

// Without storage there is nothing in it.
const keptOf = (infoHash) => kept(infoHash).catch(() => ({ verified: 0, size: 0 }));

/** Says how much is here before a download. */
function showKept({ length }, verified) {
  element('start').textContent = verified > 0 && verified < length ? 'Download the rest' : 'Download and check';
  element('earlier').hidden = verified === 0;
  element('earlier').textContent =
    verified < length
      ? `${inBytes(verified)} of ${inBytes(length)} (${percent(verified, length)} %) are here already.`
      : 'The whole file is here already. It is checked again, and nothing is fetched twice.';
}

async function warnOfSize({ length }, used) {
  const promised = (await room()) + used;
  if (length < promised) return true;
  element('small').textContent =
    `Your browser gives this page only ${inBytes(promised)} of storage. Use a BitTorrent client instead.`;
  show('small');
  return false;
}

async function run(torrent, infoHash, seeds, object) {
  const controller = new AbortController();
  const cancel = () => controller.abort(new Error(`You cancelled the download.${deleted()}`));
  begin(torrent, infoHash);
  element('cancel').addEventListener('click', cancel);
  try {
    const usable = await usableSeeds(seeds, object, controller.signal);
    const report = (now) => progress(now, torrent);
    const { file, discard } = await download(torrent, infoHash, usable, controller.signal, report);
    complete(torrent, file, discard);
  } catch (error) {
    document.title = visible(torrent.name);
    showKept(torrent, (await keptOf(infoHash)).verified);
    end('starting', 'start');
    explain(error);
  } finally {
    sessionStorage.removeItem(RUNNING);
    element('cancel').removeEventListener('click', cancel);
  }
}

const deleted = () => {
  const { value } = element('done');
  return value > 0 ? ` The ${inBytes(value)} that had arrived are deleted.` : '';
};

function begin(torrent, infoHash) {
  sessionStorage.setItem(RUNNING, infoHash);
  hide('starting', 'earlier', 'instead');
  notice('outcome', 'Checking whether this page can read the file …');
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

function explain(error) {
  fault('outcome', error);
  element('rule-command').textContent = error.command ?? '';
  element('rule-box').hidden = !error.command;
  element('instead').hidden = !(error.plain && element('instead-link').href);
}

function progress(now, torrent) {
  const share = percent(now.done, torrent.length);
  element('done').value = now.done;
  element('rate').textContent = figures(now, torrent, share);
  document.title = `${share} % – ${visible(torrent.name)}`;
  const text = statusText(now, torrent);
  // A screen reader reads each change aloud.
  if (text !== element('outcome-text').textContent) notice('outcome', text);
}

function figures({ done, rate, left, seeds, peers, pause }, { length }, share) {
  const parts = [`${share} %: ${inBytes(done)} of ${inBytes(length)}`];
  if (pause) {
    parts.push(`asks again in ${inTime((pause.until - performance.now()) / 1000)}`);
  } else {
    parts.push(`${inBytes(rate)} a second`);
    if (left !== null) parts.push(`about ${inTime(left)} left`);
  }
  return [...parts, `web seeds: ${seeds}, peers: ${peers}`].join(', ');
}

function statusText({ ready, pause, stalled }, { pieceLength }) {
  if (!ready) return 'Checking what you downloaded earlier …';
  if (pause) return `${pause.reason} The download goes on as soon as it can.`;
  if (!stalled) return 'Downloading …';
  return (
    'No piece has arrived for 45 seconds. A piece has ' +
    `${inBinaryBytes(pieceLength)}: if your line is slow, wait. If not, use a BitTorrent client or the plain link.`
  );
}

function complete(torrent, file, discard) {
  const save = element('save');
  save.href = URL.createObjectURL(file);
  save.download = harmless(torrent.name);
  document.title = `Done – ${visible(torrent.name)}`;
  end('saving', 'save');
  const text =
    `All ${inBytes(torrent.length)} are here, and every piece is checked. Your browser saves the file now. If it ` +
    'does not, use the button. The browser keeps a copy for this page for a day, unless you delete it.';
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
