// What goes wrong, in a visitor's words.

export class Fault extends Error {
  /**
   * `detail` is what a server said, `owner` what the publisher has to know or do, and `command` a command for that.
   * `plain` says that the plain link is the way out, and `kept` that what has arrived stays in the browser's storage.
   */
  constructor(message, { detail, owner, command, plain = false, kept = false, cause } = {}) {
    super(message, { cause });
    Object.assign(this, { detail, owner, command, plain, kept });
  }
}

/** A file of the page itself could not be loaded. */
export const missingScript = (name, cause) =>
  new Fault('A part of this page is missing, so it cannot download in the browser.', {
    owner: `The script ${name} was not loaded. Put the page together with make web, and upload all its files again.`,
    plain: true,
    cause,
  });
