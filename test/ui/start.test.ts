/** `npm start` from end to end: it serves the sample with Weft installed, and Ctrl-C leaves nothing behind. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../run/versions';
import { skipFor } from '../support/skip';

/** Processes that inherited this mark. */
function marked(mark: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(join('/proc', name, 'environ'), 'utf8').includes(mark);
    } catch {
      return false; // it ended while we looked
    }
  });
}

describe('npm start', () => {
  it('serves the sample, and leaves no process behind after Ctrl-C', async function () {
    if (!existsSync('/proc/self/environ')) return skipFor(this, 'there is no /proc to look for processes in');
    const mark = randomUUID();
    // A display would make it use the desktop, or open a browser of the person's.
    const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
    const start = spawn(process.execPath, [join(root, 'test', 'setup.mjs'), 'start'], {
      env: { ...env, WEFT_MARK: mark },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(start, 'exit');
    let url = '';
    for await (const line of createInterface({ input: start.stdout })) {
      url ||= /VS Code is at (\S+)/.exec(line)?.[1] ?? '';
      if (url && line.includes('The model is scripted')) break;
    }
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/\?folder=/);
    assert.equal((await fetch(url)).status, 200);
    assert.ok(marked(mark).length > 2, 'the processes of the server are not seen');

    start.kill('SIGINT');
    assert.deepEqual(await exited, [130, null]);
    assert.deepEqual(marked(mark), []);
    await assert.rejects(fetch(url));
  });
});
