/** A check that does nothing until the test says so: it sees the merged files, and how many there were. */
import assert from 'node:assert/strict';
import { ok } from '../../src/domain/failure';
import type { Checker } from '../../src/engine/landing/check';
import { listTree } from '../../src/repo/trees';
import { valued } from './result';
import type { Sandbox } from './sandbox';

export interface Asked {
  readonly files: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
  answer(ok: boolean, output?: string): void;
}

export function gatedCheck() {
  const asked: Asked[] = [];
  let awaited: { count: number; resolve: (asked: Asked) => void } | undefined;
  let box: Sandbox | undefined;
  const check: Checker = async (tree, { commands }, signal) => {
    assert.ok(box !== undefined);
    const files: Record<string, string> = {};
    for (const [path, entry] of valued(await listTree(box.repo, tree)))
      files[path] = String(valued(await box.repo.objects.read(entry.blob)));
    return new Promise((resolve) => {
      const answer = (green: boolean, output = '') =>
        resolve(ok({ ok: green, command: commands.at(-1) ?? '', exitCode: green ? 0 : 1, timedOut: false, output, milliseconds: 1 }));
      signal.addEventListener('abort', () => resolve({ ok: false, failure: { kind: 'cancelled', message: 'Stopped.', fix: '' } }));
      asked.push({ files, commands, answer });
      if (awaited?.count === asked.length) awaited.resolve(asked[asked.length - 1] as Asked);
    });
  };
  return {
    check,
    of: (sandbox: Sandbox) => {
      box = sandbox;
    },
    asked,
    /** Resolves when the check was asked for so many times. */
    nth: (count: number): Promise<Asked> => {
      const there = asked[count - 1];
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => {
        awaited = { count, resolve };
      });
    },
  };
}
