/** The extension as it is bundled: a window that only opens loads a small part of it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadBundle } from '../bench/bundle';
import { root } from '../run/versions';

describe('the bundle of the extension', () => {
  it('is loaded without the engine and the SDKs', () => {
    assert.ok(existsSync(join(root, 'dist', 'engine.js')));
    assert.deepEqual(
      loadBundle().loaded.map((path) => basename(path)),
      ['extension.js'],
    );
  });
});
