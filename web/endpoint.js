// The function's answers: the torrent, S3's error documents, and 503 until the torrent is made.

import { Fault } from './faults.js';

const DEFAULT_WAIT_SECONDS = 5;
// API Gateway's answer to too many requests is 429.
const PASSING = [429, 503];

/**
 * The torrent's bytes, and its info hash as the function gives it. After each 503 this calls `wait` with what the
 * answer says and the seconds to wait, and asks again. `noun` is what is asked for: a file or a folder.
 */
export async function fetchTorrent(url, noun, wait) {
  for (;;) {
    const response = await ask(url);
    if (response.ok) {
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { bytes, infoHash: response.headers.get('x-torrent-info-hash') };
    }
    const answer = errorDocument(response.status, await response.text());
    if (!PASSING.includes(response.status)) throw refusal(answer, noun);
    await wait(answer, waitSeconds(response.headers));
  }
}

async function ask(url) {
  try {
    return await fetch(url);
  } catch (cause) {
    const { origin } = new URL(url);
    throw new Fault(`The publisher’s server does not answer. Are you online? If so, try again later.`, {
      owner: `No answer came from ${origin}. Is that the function, and does it run? make web ENDPOINT=… sets it.`,
      cause,
    });
  }
}

function errorDocument(status, body) {
  const xml = new DOMParser().parseFromString(body, 'application/xml');
  const field = (name) => xml.querySelector(`Error > ${name}`)?.textContent;
  return { status, code: field('Code') ?? 'HTTP', message: field('Message') ?? body.slice(0, 500) };
}

/** What S3 says stays readable: it names the key or the limit that is to blame. */
function refusal({ status, code, message }, noun) {
  return new Fault(`${sentence(status, code, noun)} (${status} ${code}).`, { detail: message });
}

function sentence(status, code, noun) {
  if (code === 'NoSuchBucket') return 'There is no such bucket';
  if (status === 404) return `There is no such ${noun}`;
  if (code === 'InvalidObjectState') return `This ${noun} is archived, and cannot be downloaded now`;
  if (status === 403) return `This ${noun} is not public, or it does not exist`;
  if (status >= 500 && status !== 501) return 'The publisher’s server has a fault. Try again later';
  return `There is no torrent for this ${noun}`;
}

function waitSeconds(headers) {
  const milliseconds = Number(headers.get('x-amz-retry-after') ?? NaN);
  const seconds = Number(headers.get('retry-after') ?? NaN);
  const told = Number.isFinite(milliseconds) ? milliseconds / 1000 : seconds;
  return Number.isFinite(told) ? Math.min(Math.max(told, 1), 120) : DEFAULT_WAIT_SECONDS;
}

/** How far the job is, where the message of a 503 tells: `12 of 160 spans are hashed`. */
export function jobProgress(message) {
  const found = /(?:(\d+) of|all|there are) (\d+) spans/.exec(message);
  if (!found) return null;
  const total = Number(found[2]);
  const done = found[0].startsWith('all') ? total : Number(found[1] ?? 0);
  return { done, total };
}
