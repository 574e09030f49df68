// The page: what is in the document, and when it changes.

import {
  counted, hasDotSegments, inBinaryBytes, inBytes, namedObject, objectPath, shellQuoted,
} from './address.js';
import { fetchTorrent, jobProgress, Refusal } from './endpoint.js';
import { infoHash, readTorrent } from './metainfo.js';
import { reachable } from './seeds.js';
import { offerDownload } from './browser.js';
import { element, hide, notice, show } from './view.js';

const endpoint = document.querySelector('meta[name=endpoint]').content.replace(/\/+$/, '');

function start() {
  try {
    if (!endpoint) throw new Error('This page does not know its endpoint yet. Its owner sets it: make web ENDPOINT=…');
    const object = namedObject(location.hash);
    name(object.key);
    if (hasDotSegments(object)) throw new Error(DOTS);
    const ask = () => present(object).catch(failed);
    element('again').addEventListener('click', ask);
    ask();
  } catch (error) {
    notice('state', error.message, 'fault');
  }
}

const DOTS =
  'The key has a segment . or .., which browsers take out of every address, so that they would ask for another key. ' +
  'boto3, the AWS CLI and curl --path-as-is can ask for its torrent.';

async function present(object) {
  hide('retry');
  notice('state', 'Asking for the torrent …');
  const torrentUrl = `${endpoint}/${objectPath(object)}?torrent`;
  const answer = await fetchTorrent(torrentUrl, waiting);
  const torrent = readTorrent(answer.bytes);
  const hash = await infoHash(torrent);
  if (hash && answer.infoHash && hash !== answer.infoHash) {
    throw new Error(`The torrent arrived damaged: its info hash is ${hash}, and should be ${answer.infoHash}.`);
  }
  hide('state', 'made');
  describe(object, torrent, hash ?? answer.infoHash ?? 'unknown');
  offerPrograms(torrentUrl);
  const seeds = reachable(torrent.webSeeds);
  offerPlain(seeds[0]);
  offerDownload(torrent, hash, seeds, object);
}

function name(text) {
  element('name').textContent = text;
  document.title = text;
}

function describe(object, torrent, hash) {
  name(torrent.name);
  element('object').textContent = `s3://${object.bucket}/${object.key}`;
  element('size').textContent = `${inBytes(torrent.length)} (${counted(torrent.length, 'byte')})`;
  const pieces = counted(torrent.pieceCount, 'piece');
  element('pieces').textContent = `${pieces} of ${inBinaryBytes(torrent.pieceLength)}`;
  element('info-hash').textContent = hash;
  show('facts');
}

function offerPrograms(torrentUrl) {
  link('torrent', torrentUrl);
  element('aria2').textContent = `aria2c ${shellQuoted(torrentUrl)}`;
  element('transmission').textContent = `transmission-remote --add ${shellQuoted(torrentUrl)}`;
  show('programs');
}

function offerPlain(url) {
  if (!url) return;
  link('direct', url);
  show('plain');
}

function link(id, url) {
  element(id).textContent = url;
  element(id).href = url;
}

/** Shows why the torrent is not there yet, counts down, and does not ask on while nobody looks. */
async function waiting({ code, message }, seconds) {
  const progress = jobProgress(message);
  if (progress) {
    element('made').max = progress.total;
    element('made').value = progress.done;
    show('made');
  }
  notice('state', `The torrent is not ready yet. This page asks again every ${counted(seconds, 'second')}.`, '',
    `${code}: ${message}`);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  if (document.hidden) {
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
  }
}

function failed(error) {
  hide('made');
  if (error instanceof Refusal) {
    notice('state', `The endpoint answered ${error.status} ${error.code}.`, 'fault', error.message);
  } else {
    notice('state', error.message, 'fault');
  }
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
