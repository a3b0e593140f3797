/**
 * Tells when files of roles may have changed on disk.
 * VS Code's watcher alone does not do on Linux: of folders that are made in one go (`mkdir -p`, a switch of branches) it watches the first one alone, and tells of nothing in those below, then or later (parcel-bundler/watcher#97).
 */
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

/** Where a folder has roles: in `agents` of each. */
export const ROLE_PLACES = ['.weft', '.claude', '.github'];
const AGENTS = 'agents';
/** What comes at once is told once, so many milliseconds after the last of it. */
const QUIET_MS = 50;

export class RoleFolders implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly listening: vscode.Disposable;
  private watching: readonly FSWatcher[];
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    const told = () => this.tell();
    // With their folders: of one that comes or goes with all that is in it, VS Code may tell alone.
    const watcher = vscode.workspace.createFileSystemWatcher(`**/{${ROLE_PLACES.join(',')}}{,/${AGENTS},/${AGENTS}/*.md}`);
    const events = [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete].map((event) => event(told));
    this.listening = vscode.Disposable.from(watcher, ...events, vscode.workspace.onDidChangeWorkspaceFolders(told));
    this.watching = this.watchers();
  }

  private tell(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // The new ones first, and then whoever reads: nothing falls between.
      const before = this.watching;
      this.watching = this.watchers();
      for (const one of before) one.close();
      this.changed.fire();
    }, QUIET_MS);
  }

  private watchers(): FSWatcher[] {
    const roots = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => (uri.scheme === 'file' ? [uri.fsPath] : []));
    return roots.flatMap((root) =>
      ROLE_PLACES.flatMap((place) => [
        ...this.watcher(join(root, place), (name) => name === AGENTS),
        ...this.watcher(join(root, place, AGENTS), (name) => name.endsWith('.md')),
      ]),
    );
  }

  /** None where there is no such folder: that it comes is told by the one above, or by VS Code. */
  private watcher(folder: string, isMeant: (name: string) => boolean): FSWatcher[] {
    if (!existsSync(folder)) return [];
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || isMeant(name)) this.tell();
      });
      // A folder that goes is an error on some systems; the one above tells of it.
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch (error) {
      // No more watchers are to be had, say: VS Code's goes on, which misses little.
      console.warn(`Weft does not watch ${folder} itself: ${String(error)}`);
      return [];
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const one of this.watching) one.close();
    this.listening.dispose();
    this.changed.dispose();
  }
}
