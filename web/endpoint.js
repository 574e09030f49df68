// The function's answers: the torrent, S3's error documents, and 503 until the torrent is made.

const DEFAULT_WAIT_SECONDS = 5;

/** An answer that is not the torrent, in S3's own words. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The torrent's bytes, and its info hash as the function tells it. After each 503 this calls `wait`, and asks again. */
export async function fetchTorrent(url, wait) {
  for (;;) {
    const response = await ask(url);
    if (response.ok) {
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { bytes, infoHash: response.headers.get('x-torrent-info-hash') };
    }
    const refusal = errorDocument(response.status, await response.text());
    if (response.status !== 503) throw refusal;
    await wait(refusal, waitSeconds(response.headers));
  }
}

async function ask(url) {
  try {
    return await fetch(url);
  } catch (error) {
    throw new Error(`No answer came from ${new URL(url).origin}. Are you online, and is that the right endpoint?`, {
      cause: error,
    });
  }
}

function errorDocument(status, body) {
  const xml = new DOMParser().parseFromString(body, 'application/xml');
  const field = (name) => xml.querySelector(`Error > ${name}`)?.textContent;
  return new Refusal(status, field('Code') ?? `HTTP ${status}`, field('Message') ?? body.slice(0, 500));
}

function waitSeconds(headers) {
  const milliseconds = Number(headers.get('x-amz-retry-after') ?? NaN);
  const seconds = Number(headers.get('retry-after') ?? NaN);
  const told = Number.isFinite(milliseconds) ? milliseconds / 1000 : seconds;
  return Number.isFinite(told) ? Math.min(Math.max(told, 1), 120) : DEFAULT_WAIT_SECONDS;
}

/** How far the job is, where the message of a 503 tells: `12 of 160 spans are hashed`. */
export function jobProgress(message) {
  const found = /(\d+) of (\d+) spans/.exec(message);
  return found && { done: Number(found[1]), total: Number(found[2]) };
}
