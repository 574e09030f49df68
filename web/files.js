// The files of a collection: a table that shows fifty of them at a time, and finds the others.

import { pageOf } from './address.js';
import { element, show } from './view.js';
import { counted, inBytes, visible } from './words.js';

const ROWS = 50;

/** Shows the files of the collection `folder`, each with a link to its own page. */
export function showFiles(files, folder) {
  let found = files;
  let first = 0;
  const turn = (to) => {
    first = to;
    element('rows').replaceChildren(...found.slice(first, first + ROWS).map((file) => row(file, folder)));
    element('previous').disabled = first === 0;
    element('next').disabled = first + ROWS >= found.length;
    element('shown').textContent = range(first, found.length);
  };
  element('previous').addEventListener('click', () => turn(first - ROWS));
  element('next').addEventListener('click', () => turn(first + ROWS));
  element('filter').addEventListener('input', ({ target }) => {
    const wanted = target.value.toLowerCase();
    found = files.filter(({ path }) => path.toLowerCase().includes(wanted));
    turn(0);
  });
  // A few files need no search.
  element('finding').hidden = element('paging').hidden = files.length <= ROWS;
  turn(0);
  show('files');
}

function row({ path, length }, { bucket, key }) {
  const name = document.createElement('td');
  name.dir = 'auto';
  // There is no torrent of an empty file.
  const text = length > 0 ? document.createElement('a') : document.createElement('span');
  text.textContent = visible(path);
  if (length > 0) text.href = pageOf({ bucket, key: key + path });
  name.append(text);
  const size = document.createElement('td');
  size.className = 'number';
  size.textContent = inBytes(length);
  const line = document.createElement('tr');
  line.append(name, size);
  return line;
}

function range(first, total) {
  if (total === 0) return 'No file has such a name.';
  return `${(first + 1).toLocaleString('en')} to ${Math.min(first + ROWS, total).toLocaleString('en')} of ` +
    counted(total, 'file');
}
