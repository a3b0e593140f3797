/** Where the files of a session are in this window: workspace paths and addresses, each from the other. */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { parsePath } from '../../domain/path';
import type { Repository } from '../../repo/repository';
import { locate } from '../../repo/root';

export interface Place {
  readonly repo: Repository;
  readonly tops: readonly Top[];
}

/** One folder of the window. */
interface Top {
  /** How the paths of its files begin; empty where it is the whole workspace. */
  readonly name: string;
  readonly uri: vscode.Uri;
  /** Where it really is: it may have been opened through a link. */
  readonly real: string;
}

/** The folders of the window that a repository is for. */
export function placeOf(folders: readonly vscode.WorkspaceFolder[], repo: Repository): Place {
  const { root } = repo;
  const tops = folders.flatMap(({ uri }): Top[] => {
    if (typeof root === 'string') return [{ name: '', uri, real: root }];
    const real = realpathSync(uri.fsPath);
    const name = root.find((one) => one.folder === real)?.name;
    return name === undefined ? [] : [{ name, uri, real }];
  });
  return { repo, tops };
}

/** The address of a file. What lies in no folder has one in the first, where nothing will be. */
export function uriOf({ repo, tops }: Place, path: string): vscode.Uri {
  const at = locate(repo.root, path);
  const top = at === undefined ? undefined : tops.find(({ real }) => real === at.top);
  const [first] = tops;
  if (top !== undefined && at !== undefined) return vscode.Uri.joinPath(top.uri, at.inside);
  if (first === undefined) throw new Error('A session without a folder.');
  return vscode.Uri.joinPath(first.uri, path);
}

/** A file's workspace path; undefined where it is in no folder. */
export function pathOf(place: Place, file: string): string | undefined {
  const path = folderPathOf(place, file);
  return path === undefined || place.tops.some(({ name }) => name === path) ? undefined : path;
}

/** As {@link pathOf}, for a folder: one of the window's is its name, or empty where it is the whole workspace. */
export function folderPathOf({ tops }: Place, file: string): string | undefined {
  let found: { name: string; inside: string } | undefined;
  for (const { name, uri, real } of tops) {
    for (const top of [uri.fsPath, real]) {
      const inside = relative(top, file);
      if (inside.startsWith('..') || isAbsolute(inside)) continue;
      // A folder may lie in another one: the file is the inner one's.
      if (found === undefined || inside.length < found.inside.length) found = { name, inside };
    }
  }
  if (found === undefined) return undefined;
  const path = [found.name, ...found.inside.split(sep)].filter((part) => part !== '').join('/');
  if (path === '') return '';
  // Plans and conflicts of Weft's lie in .git, and are no part of the workspace.
  const inside = parsePath(path);
  return inside.ok ? inside.value : undefined;
}
