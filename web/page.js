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

async function main() {
  hide('again', 'made');
  const object = namedObject(location.hash);
  if (!endpoint) throw new Error('This page does not know its endpoint yet. Its owner sets it: make web ENDPOINT=…');
  name(object.key);
  if (hasDotSegments(object)) throw new Error(DOTS);
  const torrentUrl = `${endpoint}/${objectPath(object)}?torrent`;
  notice('state', 'Asking for the torrent …');
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

const DOTS =
  'The key has a segment . or .., which browsers remove from every address, so that they cannot ask for it. Use boto3, ' +
  'the AWS CLI or curl --path-as-is for its torrent.';

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
    notice('state', `There is no torrent: the answer was ${error.status} ${error.code}.`, 'fault', error.message);
  } else {
    notice('state', error.message, 'fault');
  }
  show('again');
}

async function copy(button) {
  const source = element(button.dataset.copies);
  await navigator.clipboard.writeText(source.textContent);
  element('copied').textContent = 'Copied.';
  button.classList.add('copied');
  setTimeout(() => button.classList.remove('copied'), 1500);
}

const run = () => main().catch(failed);
for (const button of document.querySelectorAll('[data-copies]')) {
  button.addEventListener('click', () => copy(button));
}
element('again').addEventListener('click', run);
addEventListener('hashchange', () => location.reload());
run();
