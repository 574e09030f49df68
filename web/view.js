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
  const more = element(`${id}-detail`);
  if (more) more.textContent = detail;
  box.hidden = false;
}
