// Whether this page may read a web seed: what WebTorrent itself does not tell.

// What WebTorrent sends. Chromium asks the bucket for `cache-control`, Firefox and WebKit for `user-agent` too;
// browsers that do not count a simple `range` as harmless ask for that.
const HEADERS = { 'cache-control': 'no-store', 'user-agent': 'WebTorrent', range: 'bytes=0-0' };

/** The web seeds that a page may ask at all: those of http are out of reach of a page opened by https. */
export function reachable(webSeeds) {
  const local = location.protocol === 'http:';
  return webSeeds.filter((url) => url.startsWith('https:') || (local && url.startsWith('http:')));
}

/** Why this page cannot read `url`, in words, and whether the CORS rule is to blame; `null` where it can. */
export async function faultOf(url) {
  const response = await answer(url, HEADERS);
  if (response?.ok) return null;
  if (response) return { message: await refusal(response), cors: false };
  const missing = [];
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!(await answer(url, { [name]: value }))) missing.push(name);
  }
  if (await answer(url, {})) {
    return { message: `The bucket's CORS rule does not allow the request header ${missing.join(', ')}.`, cors: true };
  }
  if (await answer(url, {}, 'no-cors')) {
    return { message: 'The bucket has no CORS rule that lets this page read its objects.', cors: true };
  }
  return { message: `No answer came from ${new URL(url).host}. Are you online?`, cors: false };
}

async function answer(url, headers, mode = 'cors') {
  try {
    const response = await fetch(url, { headers, mode, cache: 'no-store' });
    // Only the first bytes are wanted, also where no range was asked for. An error document is read.
    if (response.ok || mode === 'no-cors') await response.body?.cancel();
    return response;
  } catch {
    return null;
  }
}

async function refusal(response) {
  const xml = new DOMParser().parseFromString(await response.text(), 'application/xml');
  const code = xml.querySelector('Error > Code')?.textContent;
  const why = response.status === 403 ? ' Not everyone may read the object.' : '';
  return `S3 answered ${response.status}${code ? ` ${code}` : ''}.${why}`;
}
