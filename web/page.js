// The page: what is in the document, and when it changes.

import { hasDotSegments, namedObject, objectPath, quoted } from './address.js';
import { offerDownload } from './browser.js';
import { fetchTorrent, jobProgress } from './endpoint.js';
import { Fault } from './faults.js';
import { showFiles } from './files.js';
import { infoHash, readTorrent } from './metainfo.js';
import { reachable } from './seeds.js';
import { element, fault, hide, notice, show } from './view.js';
import { counted, inBinaryBytes, inBytes, inTime, percent, visible } from './words.js';

const endpoint = document.querySelector('meta[name=endpoint]').content.replace(/\/+$/, '');

function start() {
  hide('unloaded');
  try {
    if (!endpoint) throw new Fault('This page is not set up yet.', { owner: 'Set its endpoint: make web ENDPOINT=…' });
    const object = namedObject(location.hash);
    name(object.key);
    if (hasDotSegments(object)) throw new Error(DOTS);
    const ask = () => present(object).catch(failed);
    element('again').addEventListener('click', ask);
    ask();
  } catch (error) {
    fault('state', error);
  }
}

const WITH_WEB_SEEDS = '&web-seeds=always';

const DOTS =
  'The key has a segment . or .., which browsers take out of every address, so that they would ask for another key. ' +
  'boto3, the AWS CLI and curl --path-as-is can ask for its torrent.';

async function present(object) {
  hide('retry');
  notice('state', 'Asking for the torrent …');
  const torrentUrl = `${endpoint}/${objectPath(object)}?torrent`;
  // The torrent of a fast swarm may lack them, but a browser reaches no TCP peers.
  const answer = await fetchTorrent(torrentUrl + WITH_WEB_SEEDS, object.key.endsWith('/') ? 'folder' : 'file', waiting);
  const torrent = readTorrent(answer.bytes);
  const hash = await infoHash(torrent);
  if (hash && answer.infoHash && hash !== answer.infoHash) {
    throw new Error(`The torrent arrived damaged: its info hash is ${hash}, and should be ${answer.infoHash}.`);
  }
  describe(object, torrent, hash ?? answer.infoHash ?? 'unknown');
  offerPrograms(torrentUrl, torrent);
  if (torrent.files) {
    showFiles(torrent.files, object);
  } else {
    const seeds = reachable(torrent.webSeeds);
    offerPlain(seeds[0]);
    const inBrowser = await offerDownload(torrent, hash, seeds, object);
    if (!inBrowser) element('plain').before(element('browser'));
    element('start').classList.toggle('main', inBrowser);
    element('torrent-file').classList.toggle('main', !inBrowser);
    show('browser');
  }
  hide('state', 'made');
  show('lead', 'programs', 'facts');
}

function name(text) {
  element('name').textContent = document.title = visible(text);
}

function describe(object, torrent, hash) {
  const { length, files, pieceCount, pieceLength } = torrent;
  name(torrent.name);
  element('lead').textContent = files ? `${counted(files.length, 'file')}, ${inBytes(length)}` : inBytes(length);
  element('object-label').textContent = files ? 'Folder' : 'Object';
  element('object').textContent = `s3://${object.bucket}/${visible(object.key)}`;
  element('size').textContent = `${inBytes(length)} (${counted(length, 'byte')})`;
  element('pieces').textContent = `${counted(pieceCount, 'piece')} of ${inBinaryBytes(pieceLength)}`;
  element('info-hash').textContent = hash;
}

function offerPrograms(torrentUrl, torrent) {
  link('torrent', torrentUrl);
  element('torrent-file').href = torrentUrl;
  element('torrent-file').classList.add('main');
  element('with-web-seeds').href = torrentUrl + WITH_WEB_SEEDS;
  element('stuck').hidden = torrent.webSeeds.length === 0;
  element('aria2').textContent = `aria2c --seed-time=60 ${quoted(torrentUrl)}`;
  element('transmission').textContent = `transmission-remote --add ${quoted(torrentUrl)}`;
}

function offerPlain(url) {
  if (!url) return;
  link('direct', url);
  element('instead-link').href = url;
  show('plain');
}

function link(id, url) {
  element(id).textContent = url;
  element(id).href = url;
}

/** Shows why the torrent is not there yet, counts down, and does not ask on while nobody looks. */
async function waiting({ status, code, message }, seconds) {
  const progress = jobProgress(message);
  if (progress) {
    element('made').max = progress.total;
    element('made').value = progress.done;
    show('made');
  }
  const text = progress
    ? `The torrent is being made: ${progress.done.toLocaleString('en')} of ${counted(progress.total, 'part')} ` +
      `(${percent(progress.done, progress.total)} %) have been read.`
    : 'The publisher’s server is busy, or is still making the torrent.';
  fault('state', { message: text, owner: `The endpoint answered ${status} ${code}: ${message}` }, '');
  show('asking');
  await countdown(seconds);
  hide('asking');
}

/** Ends early when the visitor asks, and late while the page is hidden. */
function countdown(seconds) {
  return new Promise((resolve) => {
    const end = performance.now() + seconds * 1000;
    const asked = new AbortController();
    const look = () => {
      const left = (end - performance.now()) / 1000;
      element('countdown').textContent = `Asks again in ${inTime(left)}.`;
      if (left <= 0 && !document.hidden) finish();
    };
    const timer = setInterval(look, 250);
    const finish = () => {
      clearInterval(timer);
      asked.abort();
      resolve();
    };
    element('now').addEventListener('click', finish, { signal: asked.signal });
    look();
  });
}

function failed(error) {
  hide('made', 'asking');
  fault('state', error);
  show('retry');
}

async function copy(button) {
  await navigator.clipboard.writeText(element(button.dataset.copies).textContent);
  const label = button.firstChild;
  label.data = element('copied').textContent = 'Copied';
  setTimeout(() => {
    label.data = 'Copy';
    element('copied').textContent = '';
  }, 2000);
}

for (const button of document.querySelectorAll('[data-copies]')) {
  // Pages that were not opened by https may not write to the clipboard.
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', () => copy(button));
}
addEventListener('hashchange', () => location.reload());
start();
