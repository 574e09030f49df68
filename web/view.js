// Small steps on the document.

export const element = (id) => document.getElementById(id);

export function show(...ids) {
  for (const id of ids) element(id).hidden = false;
}

export function hide(...ids) {
  for (const id of ids) element(id).hidden = true;
}

/** Says something in a box that screen readers read aloud: `kind` is `fault`, `good` or nothing. */
export function notice(id, text, kind = '', detail = '') {
  const box = element(id);
  box.classList.remove('fault', 'good');
  if (kind) box.classList.add(kind);
  element(`${id}-text`).textContent = text;
  element(`${id}-detail`).textContent = detail;
  hide(`${id}-owner`);
  box.hidden = false;
}

/** Says what is wrong, and folds away what only the publisher needs. */
export function fault(id, { message, detail = '', owner = '' }, kind = 'fault') {
  notice(id, message, kind, detail);
  element(`${id}-advice`).textContent = owner;
  if (owner) show(`${id}-owner`);
}
