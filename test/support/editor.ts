/** A workspace with an editor that holds unsaved text, over the real folder. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok } from '../../src/domain/failure';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { locate, type Root } from '../../src/repo/root';
import type { Untitled, Workspace } from '../../src/repo/workspace';

export interface Editor extends Workspace {
  /** Unsaved text by path. */
  readonly buffers: Map<string, string>;
  /** Texts without a file; a test adds to it. */
  texts: Untitled[];
  /** Runs before each {@link Workspace.apply}: what the person does in the very last moment. */
  meanwhile: () => void;
}

export function editor(root: Root): Editor {
  // The home of the tests is a folder of their own, and outside of every workspace.
  const disk = diskWorkspace({ root, stateDir: process.env['HOME'] ?? '' }, async () => ok());
  const buffers = new Map<string, string>();
  const self: Editor = {
    buffers,
    texts: [],
    meanwhile: () => undefined,
    unsaved: async () => [...buffers].map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
    untitled: async () => self.texts,
    recall: async () => undefined,
    calm: async () => undefined,
    apply: async (edits) => {
      self.meanwhile();
      for (const { path, before } of edits) {
        const text = buffers.get(path);
        if (text !== undefined && before?.bytes.toString() !== text) return fail('moved', `${path} was typed in.`);
      }
      const onDisk = await disk.apply(edits.filter((edit) => !buffers.has(edit.path)));
      if (!onDisk.ok) return onDisk;
      for (const { path, after } of edits.filter((edit) => buffers.has(edit.path))) {
        if (after !== null) buffers.set(path, after.bytes.toString());
        else {
          buffers.delete(path);
          const place = locate(root, path);
          if (place !== undefined) rmSync(join(place.top, place.inside), { force: true });
        }
      }
      return ok();
    },
    restore: async (files, untitled) => {
      const done = await disk.restore(
        files.map((file) => ({ ...file, unsaved: null })),
        [],
      );
      for (const { path, unsaved } of files) {
        if (unsaved === null) buffers.delete(path);
        else buffers.set(path, unsaved.toString());
      }
      self.texts = [...untitled];
      return done;
    },
  };
  return self;
}
