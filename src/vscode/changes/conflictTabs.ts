/** Closes the card and the editors of a conflict that is decided, whoever decided it: an arbiter, another window, the command line. What the person typed stays open. */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { conflictFolder, hasMarkers } from '../../repo/land/conflictFiles';
import { readTaskAddress } from '../address';
import { notify } from '../messages';
import { CONFLICT_SCHEME, STATE_SCHEME } from '../names';
import type { RunView, Sessions } from '../session';
import { isUnsaved, saveWhole } from '../workspace/documents';
import { decideAll, mergeOf, shownBy } from './tabs';

/** What a tab shows of a conflict: a file of it, or, without a path, its card. */
interface Shown {
  readonly tab: vscode.Tab;
  readonly uri: vscode.Uri;
  readonly run: string;
  readonly task: string;
  readonly path: string | undefined;
  /** Whether it is a merge editor. */
  readonly isMerge: boolean;
}

export function registerConflictTabs(sessions: Sessions): vscode.Disposable {
  /** Results that were opened with all their markers: the merge editor's own first change puts its automatic merge there. */
  const fresh = new WeakSet<vscode.TextDocument>();
  const told = new Set<string>();
  const isTouched = (document: vscode.TextDocument) =>
    fresh.has(document) ? document.version > 2 : document.version > 1 || isUnsaved(document);
  let looking = Promise.resolve();
  const look = () => {
    if (conflictTabs().length === 0) return;
    // One after the other: what is closed by one is not there for the next. What one fails with VS Code logs, and the next one looks all the same.
    const looked = looking.then(() => closeDecided(sessions, isTouched, told));
    looking = looked.catch(() => undefined);
  };
  return vscode.Disposable.from(
    sessions.onDidChange(look),
    // What is not in front is closed when it comes there.
    vscode.window.onDidChangeVisibleTextEditors(look),
    vscode.window.tabGroups.onDidChangeTabs(look),
    vscode.workspace.onDidOpenTextDocument((document) => {
      if (document.uri.scheme === STATE_SCHEME && hasMarkers(document.getText())) fresh.add(document);
    }),
  );
}

function conflictTabs(): Shown[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.flatMap((tab) => shownIn(tab) ?? []));
}

function shownIn(tab: vscode.Tab): Shown | undefined {
  const uri = shownBy(tab);
  if (uri?.scheme === CONFLICT_SCHEME) {
    const of = readTaskAddress(uri);
    return of === undefined ? undefined : { tab, uri, ...of, path: undefined, isMerge: false };
  }
  if (uri?.scheme !== STATE_SCHEME) return undefined;
  const [, run, task, path] = /^\/runs\/([^/]+)\/conflicts\/([^/]+)\/(?:base|ours|theirs|result)\/(.+)$/.exec(uri.path) ?? [];
  return run === undefined || task === undefined || path === undefined
    ? undefined
    : { tab, uri, run, task, path, isMerge: mergeOf(tab) !== undefined };
}

async function closeDecided(sessions: Sessions, isTouched: (document: vscode.TextDocument) => boolean, told: Set<string>): Promise<void> {
  for (const shown of conflictTabs()) {
    const { uri, isMerge } = shown;
    const address = uri.toString();
    const view = await sessions.find(shown.run);
    if (view === undefined || !isDecided(view, shown)) {
      told.delete(address);
      continue;
    }
    const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === address);
    if (document !== undefined && (isMerge ? isTouched(document) : isUnsaved(document))) {
      if (!told.has(address)) void tellKept(view, shown);
      told.add(address);
    } else if (!isMerge) await close(shown, true);
    else if (document !== undefined && isInFront(shown)) await closeMerge(view, shown, document);
  }
}

function isDecided({ state }: RunView, { task, path }: Shown): boolean {
  const stage = state.tasks.get(task)?.stage;
  return stage?.kind !== 'conflicted' || (path !== undefined && stage.resolved.has(path));
}

/** The tabs that show the same, as they are now: what is not there any more VS Code does not let be named. */
function tabsLike({ uri, isMerge }: Shown): vscode.Tab[] {
  return conflictTabs().flatMap((one) => (one.uri.toString() === uri.toString() && one.isMerge === isMerge ? [one.tab] : []));
}

async function close(shown: Shown, preserveFocus: boolean): Promise<boolean> {
  const tabs = tabsLike(shown);
  return tabs.length === 0 || vscode.window.tabGroups.close(tabs, preserveFocus);
}

/** Whether VS Code's commands for the active merge editor are for this one. */
function isInFront(shown: Shown): boolean {
  const isShown = vscode.window.visibleTextEditors.some(({ document }) => document.uri.toString() === shown.uri.toString());
  return isShown && tabsLike(shown).some((tab) => tab.isActive && tab.group.isActive);
}

async function closeMerge({ session }: RunView, shown: Shown, document: vscode.TextDocument): Promise<void> {
  const { run, task } = shown;
  // VS Code asks before it closes what has undecided places, or unsaved text.
  await decideAll();
  if (!(await saveWhole(document)) || !(await close(shown, true))) return;
  const isLast = conflictTabs().every((other) => other.run !== run || other.task !== task);
  if (isLast) await rm(conflictFolder(session.repo, run, task), { recursive: true, force: true });
}

async function tellKept({ state }: RunView, shown: Shown): Promise<void> {
  const { task, path = '' } = shown;
  const title = state.tasks.get(task)?.task.title ?? task;
  await notify(
    'warning',
    `Weft: The conflict of “${title}” was decided elsewhere. What you merged in ${basename(path)} stays open, and is not what lands.`,
    [{ title: 'Close Editor', act: () => close(shown, false) }],
  );
}
