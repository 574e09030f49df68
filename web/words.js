// Names and figures as people read them.

// Control characters, and those that are invisible or turn the text around. Joiners stay: scripts and emoji need them.
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u00AD\u180E\u200B\u2060-\u2064\uFEFF]/gu;

/** A key in which every hidden character shows as its code point, such as `[U+202E]`. */
export function visible(text) {
  return text.replace(HIDDEN, (character) => {
    const digits = character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    return `[U+${digits}]`;
  });
}

/** A name for a file that shows as what it is. */
export const harmless = (name) => name.replace(HIDDEN, '_');

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

/** A time to wait, not more exact than a guess is. */
export function inTime(seconds) {
  if (seconds < 60) return counted(Math.max(1, Math.round(seconds)), 'second');
  if (seconds < 90 * 60) return counted(Math.round(seconds / 60), 'minute');
  if (seconds < 36 * 60 * 60) return counted(Math.round(seconds / 3600), 'hour');
  return counted(Math.round(seconds / 86_400), 'day');
}

/** Whole percent, 100 only for the whole. */
export const percent = (done, total) => Math.floor((100 * done) / total);
