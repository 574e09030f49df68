// One file in the browser's own storage, written and read in place. Only workers may do that.

const FOLDER = 'torrents';
let file;

const actions = {
  async open(name) {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    const handle = await folder.getFileHandle(name, { create: true });
    file = await handle.createSyncAccessHandle();
    return file.getSize();
  },
  write({ at, bytes }) {
    for (let done = 0; done < bytes.length; ) done += file.write(bytes.subarray(done), { at: at + done });
  },
  read({ at, length }) {
    const bytes = new Uint8Array(length);
    if (file.read(bytes, { at }) < length) throw new Error('These bytes are not there yet.');
    return bytes;
  },
  flush: () => file.flush(),
  close: () => file?.close(),
};

onmessage = async ({ data: { id, action, argument } }) => {
  try {
    postMessage({ id, result: await actions[action](argument) });
  } catch (error) {
    postMessage({ id, error });
  }
};
