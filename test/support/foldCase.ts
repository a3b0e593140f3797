/**
 * A disk that takes names for one which differ by case alone, and keeps the case in which each was made, as those of macOS and Windows
 * do: what this process does under a folder is done to what is there by any case.
 */
import { existsSync, readdirSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { join, sep } from 'node:path';

type Calls = Record<string, (...args: unknown[]) => unknown>;

/** Until the returned function is called. */
export function foldCase(root: string): () => void {
  const calls = fsPromises as unknown as Calls;
  const real = (given: unknown): unknown => {
    if (typeof given !== 'string' || !given.startsWith(root + sep)) return given;
    let at = root;
    for (const part of given.slice(root.length + 1).split(sep)) {
      const names = existsSync(at) ? readdirSync(at) : [];
      at = join(at, names.find((name) => name.toLowerCase() === part.toLowerCase()) ?? part);
    }
    return at;
  };
  const wrapped: (() => void)[] = [];
  const names = [
    'lstat',
    'stat',
    'readFile',
    'readlink',
    'writeFile',
    'unlink',
    'rm',
    'rmdir',
    'mkdir',
    'readdir',
    'opendir',
    'chmod',
    'rename',
  ];
  for (const name of names) {
    const call = calls[name];
    if (call === undefined) throw new Error(`There is no ${name}.`);
    calls[name] = (first, second, ...more) => call(real(first), name === 'rename' ? real(second) : second, ...more);
    wrapped.push(() => {
      calls[name] = call;
    });
  }
  return () => {
    for (const undo of wrapped) undo();
  };
}
