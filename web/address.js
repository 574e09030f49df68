// Bucket and key in addresses: of the page, of the endpoint, and in commands.

/** The file or folder that the page's address names after `#`: `bucket/key`, percent-encoded as in a URL. */
export function namedObject(hash) {
  let path;
  try {
    path = decodeURIComponent(hash.slice(1));
  } catch {
    throw new Error('What follows # in the address is not percent-encoded UTF-8. Write a % in a key as %25.');
  }
  if (!path) {
    throw new Error('The address of this page does not name a file. It must end in #bucket/key or #bucket/folder/.');
  }
  const [bucket] = path.split('/', 1);
  const key = path.slice(bucket.length + 1);
  if (!bucket) throw new Error('The address of this page does not name a bucket. It must end in #bucket/key.');
  if (!key) {
    throw new Error(
      'The address of this page names a bucket, but no file or folder in it. It must end in #bucket/key or ' +
        '#bucket/folder/.',
    );
  }
  return { bucket, key };
}

/** The page of another object. */
export const pageOf = (object) => `#${objectPath(object)}`;

/** Browsers resolve these segments, encoded or not, so that they would ask for another key. */
export function hasDotSegments({ key }) {
  return key.split('/').some((segment) => segment === '.' || segment === '..');
}

/** The path of an object, each byte of the key encoded as the AWS SDKs do. */
export function objectPath({ bucket, key }) {
  return [bucket, ...key.split('/')].map((segment) => encoded(encodeURIComponent(segment), /[!'()*]/g)).join('/');
}

/**
 * A URL as one argument, to be pasted at the prompt of sh, bash, PowerShell or cmd.exe. What sh and PowerShell expand
 * inside double quotes is percent-encoded. A `%` stays: only cmd.exe gives it a meaning, and its prompt keeps `%20…%` as
 * it is unless a variable has that very name.
 */
export function quoted(url) {
  return `"${encoded(url, /["$`\\!]/g)}"`;
}

function encoded(text, special) {
  return text.replace(special, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
