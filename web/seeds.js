// Whether this page may read a web seed: what WebTorrent itself does not tell.

import { Fault } from './faults.js';

// What WebTorrent sends. Chromium asks the bucket for `cache-control`, Firefox and WebKit for `user-agent` too;
// browsers that do not count a simple `range` as harmless ask for that.
export const HEADERS = { 'cache-control': 'no-store', 'user-agent': 'WebTorrent', range: 'bytes=0-0' };

const LIMIT_MILLISECONDS = 20_000;

/** The web seeds that a page may ask at all: those of http are out of reach of a page opened by https. */
export function reachable(webSeeds) {
  const local = location.protocol === 'http:';
  return webSeeds.filter((url) => url.startsWith('https:') || (local && url.startsWith('http:')));
}

/** The web seeds that this page may read, or that are only busy. Without any, the fault of the first. */
export async function usableSeeds(seeds, object, signal) {
  const faults = await Promise.all(seeds.map((url) => faultOf(url, object, signal)));
  signal.throwIfAborted();
  const usable = seeds.filter((_, index) => faults[index] === null);
  if (usable.length === 0) throw faults[0];
  return usable;
}

async function faultOf(url, object, signal) {
  const answer = (headers, mode) => answerOf(url, headers, signal, mode);
  const response = await answer(HEADERS);
  if (response) return response.ok || isPassing(response.status) ? null : refused(response.status);
  const missing = [];
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!(await answer({ [name]: value }))) missing.push(name);
  }
  if (await answer({})) {
    return forbidden(`The bucket’s CORS rule does not allow the request header ${missing.join(', ')}.`, object);
  }
  if (await answer({}, 'no-cors')) {
    return forbidden('The bucket has no CORS rule that lets this page read its objects.', object);
  }
  return new Fault(unanswered(url));
}

async function answerOf(url, headers, signal, mode = 'cors') {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MILLISECONDS)]);
    const response = await fetch(url, { headers, mode, cache: 'no-store', signal: limited });
    // Only the first byte is wanted, also where no range was asked for.
    await response.body?.cancel();
    return response;
  } catch {
    return null;
  }
}

async function forbidden(reason, { bucket }) {
  return new Fault('The publisher has not allowed browsers to download this file by this page.', {
    owner: `${reason} This command allows it, and replaces all CORS rules of the bucket:`,
    command: `aws s3api put-bucket-cors --bucket ${bucket} --cors-configuration "${await shorthand()}"`,
    plain: true,
  });
}

/** The rule in the AWS CLI's own notation, which has no quotes in it. */
async function shorthand() {
  const { CORSRules } = await (await fetch('cors.json')).json();
  const fields = (rule) => Object.entries(rule).map(([name, values]) => `${name}=[${values.join(',')}]`);
  return `CORSRules=[${CORSRules.map((rule) => `{${fields(rule).join(',')}}`).join(',')}]`;
}

/** Whether asking again may help. */
export const isPassing = (status) => status >= 500 || status === 429 || status === 408;

/** Why a status that will not pass ends a download. */
export function refused(status) {
  if (status === 404) return new Fault('The file is no longer there (S3 answered 404). Its publisher has deleted it.');
  if (status === 403) {
    return new Fault('The file is no longer public, or no longer there (S3 answered 403).', { kept: true });
  }
  if (status === 416) return new Fault(REPLACED);
  return new Fault(`S3 refuses the file (it answered ${status}).`, { plain: true });
}

export const unanswered = (url) => `No answer comes from ${new URL(url).host}. Are you online?`;

export const REPLACED =
  'The object was replaced after this torrent was made. Reload this page to get the torrent of the new object.';
