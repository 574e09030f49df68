// Bucket and key, their URLs, and how both are shown.

/** The object that the page's address names after `#`: `bucket/key`, percent-encoded as in a URL. */
export function namedObject(hash) {
  let path;
  try {
    path = decodeURIComponent(hash.slice(1));
  } catch {
    throw new Error('What follows # in the address is not percent-encoded UTF-8. Write a % in a key as %25.');
  }
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw new Error('The address does not name an object. Its end has to be #bucket/key.');
  }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
}

/** Browsers resolve these segments, encoded or not, so that they would ask for another key. */
export function hasDotSegments({ key }) {
  return key.split('/').some((segment) => segment === '.' || segment === '..');
}

/** The path of an object, each byte of the key encoded as the AWS SDKs do. */
export function objectPath({ bucket, key }) {
  return [bucket, ...key.split('/')].map(encodeSegment).join('/');
}

function encodeSegment(segment) {
  const encode = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(segment).replace(/[!'()*]/g, encode);
}

/** One argument for a POSIX shell or PowerShell. */
export function shellQuoted(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Bytes in decimal units, as disks and network rates are given. */
export function inBytes(count) {
  return scaled(count, 1000, ['bytes', 'kB', 'MB', 'GB', 'TB']);
}

/** Bytes in binary units: piece lengths are powers of two. */
export function inBinaryBytes(count) {
  return scaled(count, 1024, ['bytes', 'KiB', 'MiB', 'GiB']);
}

function scaled(count, base, units) {
  let power = 0;
  while (count >= base && power < units.length - 1) {
    count /= base;
    power += 1;
  }
  const digits = power === 0 || Number.isInteger(count) ? 0 : 1;
  return `${count.toFixed(digits)} ${units[power]}`;
}

/** A whole number with its thousands apart. */
export function counted(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
