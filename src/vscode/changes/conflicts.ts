/** Conflicts: each file in the three-way merge editor, with both agents named; decided, they land. */
import { rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { ConflictFile, Entry } from '../../domain/changes';
import { cancelled, fail, ok, type Result, thrownText } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import { isDecided, isOver, isReversal, type Stage } from '../../domain/taskState';
import { landPortsOf, landTask, resolveFile } from '../../engine/landing/landing';
import { isPaused } from '../../engine/schedule/pausing';
import { type ConflictPaths, conflictFolder, hasMarkers, resolvedEntry, writeConflictFiles } from '../../repo/land/conflictFiles';
import { notify, saysTrusted, showFailure, withProgress } from '../messages';
import { COMMANDS } from '../names';
import type { RunNode } from '../runs/nodes';
import type { Sessions } from '../session';
import { type TaskTarget, taskTarget } from '../targets';
import { saveWhole } from '../workspace/documents';
import { stateFile, stateUri } from '../workspace/stateFiles';
import { closeConflict, mergeOf } from './tabs';

/** VS Code's own commands: the first is internal, so it may be missing in a fork, or one day. */
const OPEN_MERGE_EDITOR = '_open.mergeEditor';
const ACCEPT_MERGE = 'mergeEditor.acceptMerge';
/** How long a closed tab may still be listed, in milliseconds. */
const TAB_MS = 1_000;

export function registerConflicts(sessions: Sessions): vscode.Disposable {
  const command = (id: string, act: (argument: unknown) => Promise<Result<void>>) =>
    vscode.commands.registerCommand(id, async (argument: unknown) => {
      if (!saysTrusted()) return;
      const done = await act(argument);
      if (!done.ok) await showFailure(done.failure);
    });
  return vscode.Disposable.from(
    command(COMMANDS.openConflict, (row) => openConflict(sessions, row)),
    command(COMMANDS.takeSide, (row) => takeSide(sessions, row)),
    command(COMMANDS.completeMerge, (uri) => completeMerge(sessions, uri instanceof vscode.Uri ? uri : undefined)),
  );
}

const TAKE_SIDE = 'Weft: Take One Side';
const INCOMING = { land: 'to land', undo: 'to be undone', redo: 'to be brought back' } as const;

const isConflicted = ({ task }: TaskTarget) => task.stage.kind === 'conflicted';

async function openConflict(sessions: Sessions, row: unknown): Promise<Result<void>> {
  const target = await taskTarget(sessions, row, {
    wanted: isConflicted,
    title: 'Weft: Open Conflict',
    none: 'No task is in conflict.',
    takeOnly: true,
  });
  if (target === undefined || !(await takesOver(sessions, target))) return ok();
  return openNext(sessions, target);
}

/** Who decides while an arbiter is at it stops that, so that nothing is done twice. */
async function takesOver(sessions: Sessions, { view, task }: TaskTarget): Promise<boolean> {
  const { stage } = task;
  const asked = stage.kind === 'conflicted' && stage.arbiter !== null ? view.state.tasks.get(stage.arbiter) : undefined;
  if (asked === undefined || isOver(asked.stage)) return true;
  const decide = 'Decide Myself';
  const detail = 'It sees both sides, and what it decides is checked before it lands. If you decide, it is stopped.';
  const chosen = await vscode.window.showWarningMessage(
    `An arbiter is at work on the conflict of “${task.task.title}”.`,
    { modal: true, detail },
    decide,
  );
  if (chosen !== decide) return false;
  view.session.live.get(view.state.start.run)?.stopTask(asked.task.id);
  return (await sessions.find(view.state.start.run))?.state.tasks.get(task.task.id)?.stage.kind === 'conflicted';
}

/** Takes one side of a file, or of all that are left, as a whole. */
async function takeSide(sessions: Sessions, row: unknown): Promise<Result<void>> {
  const options = { wanted: isConflicted, title: TAKE_SIDE, none: 'No task is in conflict.', takeOnly: true };
  const target = await taskTarget(sessions, row, options);
  if (target === undefined || target.task.stage.kind !== 'conflicted' || !(await takesOver(sessions, target))) return ok();
  const { stage, task } = target.task;
  const open = stage.conflict.files.filter((file) => !stage.resolved.has(file.path));
  const by = [...new Set(open.map(({ oursBy }) => oursBy))].join(', ');
  const sides = [
    {
      label: by,
      description: 'in the workspace',
      detail: 'What the task did to these files is left out; its other files land.',
      side: 'ours' as const,
    },
    {
      label: task.title,
      description: INCOMING[stage.conflict.intent],
      detail: 'The files become what the task made of them, whole.',
      side: 'theirs' as const,
    },
  ];
  const [only] = open;
  const files =
    open.length === 1 && only !== undefined
      ? [only]
      : (
          await vscode.window.showQuickPick(
            [{ label: 'All files', files: open }, ...open.map((file) => ({ label: file.path, files: [file] }))],
            { title: TAKE_SIDE, placeHolder: 'Of which file' },
          )
        )?.files;
  if (files === undefined) return ok();
  const side = await vscode.window.showQuickPick(sides, { title: TAKE_SIDE, placeHolder: 'Which side do you take?' });
  if (side === undefined) return ok();
  // What was begun in the merge editor is not what is taken; while there is more to decide, the next file opens.
  if (!(await closeConflict(target.view, task.id))) return cancelled;
  return decide(
    sessions,
    target,
    files.map((file) => ({ path: file.path, entry: file[side.side] })),
  );
}

/** Opens the first file of a conflict that is not decided yet. */
async function openNext(sessions: Sessions, target: TaskTarget): Promise<Result<void>> {
  const { view, task } = target;
  const { stage } = task;
  if (stage.kind !== 'conflicted') return fail('input', `“${task.task.title}” is in no conflict.`, 'It may have been decided meanwhile.');
  const { repo } = view.session;
  const written = await writeConflictFiles(
    repo,
    { run: view.state.start.run, task: task.task.id, title: task.task.title, keep: true },
    stage.conflict,
  );
  if (!written.ok) return written;
  const file = stage.conflict.files.find((one) => !stage.resolved.has(one.path));
  const paths = written.value.find((one) => one.path === file?.path);
  if (file === undefined || paths === undefined) return decide(sessions, target, []);
  return paths.text ? showMerge(target, file, paths) : chooseSide(sessions, target, file);
}

/** The merge editor, or, where this editor has none, the file with its markers. */
async function showMerge({ view, task }: TaskTarget, file: ConflictFile, paths: ConflictPaths): Promise<Result<void>> {
  const at = (side: string) => stateUri(view.session, side);
  const known = await vscode.commands.getCommands(false);
  const output = at(paths.result);
  if (!known.includes(OPEN_MERGE_EDITOR)) {
    await vscode.window.showTextDocument(output, { preview: false });
    void notify('information', 'Weft: This editor has no merge editor. Decide each marked place, then run “Weft: Complete Merge”.');
    return ok();
  }
  const undoing = task.stage.kind === 'conflicted' && task.stage.conflict.intent === 'undo';
  try {
    await vscode.commands.executeCommand(OPEN_MERGE_EDITOR, {
      base: at(paths.base),
      input1: {
        uri: at(paths.theirs),
        title: undoing ? `Without: ${task.task.title}` : `Incoming: ${task.task.title}`,
        description: task.task.role,
        detail: view.state.start.plan.goal,
      },
      input2: {
        uri: at(paths.ours),
        title: `In the workspace: ${file.oursBy}`,
        description: file.path,
        detail: 'What the workspace has now',
      },
      output,
    });
    return ok();
  } catch (thrown) {
    return fail(
      'file',
      `The merge editor could not be opened: ${thrownText(thrown)}.`,
      `Merge ${paths.result} by hand, then run “Weft: Complete Merge”.`,
    );
  }
}

/** Where one side deleted the file, or it is no text, there is nothing to merge: one side is taken. */
async function chooseSide(sessions: Sessions, target: TaskTarget, file: ConflictFile): Promise<Result<void>> {
  const verb = (entry: Entry | null) => (entry === null ? 'deleted' : 'changed');
  const ours = `Workspace (${file.oursBy})`;
  const theirs = `Agent (${target.task.task.title})`;
  const chosen = await vscode.window.showWarningMessage(
    `Conflict in ${file.path}`,
    {
      modal: true,
      detail: `It cannot be merged line by line: it was ${verb(file.ours)} in the workspace, and the agent ${verb(file.theirs)} it. Which side do you take?`,
    },
    ours,
    theirs,
  );
  if (chosen === undefined) return ok();
  return decide(sessions, target, [{ path: file.path, entry: chosen === ours ? file.ours : file.theirs }]);
}

/** A document of a conflict: what it is about, and the file that is to be made. */
interface Found {
  readonly target: TaskTarget;
  readonly file: ConflictFile;
  readonly result: vscode.Uri;
}

/** Takes what the person made of a file; when it was the last one, the task lands. */
async function completeMerge(sessions: Sessions, resource: vscode.Uri | undefined): Promise<Result<void>> {
  const merge = activeMerge();
  const found = await conflictAt(sessions, [
    merge,
    resource,
    vscode.window.activeTextEditor?.document.uri,
    ...vscode.window.visibleTextEditors.map((editor) => editor.document.uri),
  ]);
  if (found === undefined)
    return fail('input', 'No conflict of Weft’s is open here.', 'Open one from the Runs view, or with “Weft: Open Conflict”.');
  const { target, file, result } = found;
  // A merge editor that is accepted while its file is dirty asks whether to save it.
  const document = documentOf(result);
  if (document !== undefined && !(await saveWhole(document))) return NOT_SAVED;
  if (merge?.toString() === result.toString()) {
    // It asks by itself when places are left undecided; it closes its tab when it is done.
    const accepted: unknown = await vscode.commands.executeCommand(ACCEPT_MERGE);
    if (typeof accepted === 'object' && accepted !== null && 'successful' in accepted && accepted.successful === false) return cancelled;
    // Asked a second time, whether to close with conflicts, the person may think better of it.
    if (!(await closed(result))) return cancelled;
  }
  const saved = await readResult(result);
  if (!saved.ok) return saved;
  if (hasMarkers(saved.value.toString()))
    return fail('input', `${file.path} still has conflict markers.`, 'Decide every marked place, then complete the merge.');
  const entry = await resolvedEntry(target.view.session.repo, file, saved.value);
  return entry.ok ? decide(sessions, target, [{ path: file.path, entry: entry.value }]) : entry;
}

/** The file that the active merge editor makes; undefined where the active tab is none. */
function activeMerge(): vscode.Uri | undefined {
  return mergeOf(vscode.window.tabGroups.activeTabGroup.activeTab);
}

/** Whether the merge editor of a file is closed; its tab may be told of a moment after the command that closed it. */
async function closed(result: vscode.Uri): Promise<boolean> {
  const gone = () => !vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => mergeOf(tab)?.toString() === result.toString()));
  if (gone()) return true;
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(late);
      changing.dispose();
      resolve(gone());
    };
    const late = setTimeout(end, TAB_MS);
    const changing = vscode.window.tabGroups.onDidChangeTabs(() => {
      if (gone()) end();
    });
  });
}

function documentOf(uri: vscode.Uri): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
}

const NOT_SAVED = fail('file', 'The merged file could not be saved.', 'Save it, then complete the merge.');

/** The file that was made, as it was saved. */
async function readResult(result: vscode.Uri): Promise<Result<Buffer>> {
  try {
    return ok(Buffer.from(await vscode.workspace.fs.readFile(result)));
  } catch (thrown) {
    return fail('file', `The merged file cannot be read: ${thrownText(thrown)}.`, 'Open the conflict again.');
  }
}

/** Records a decision; lands the task when all its files are decided, else opens the next. */
async function decide(
  sessions: Sessions,
  target: TaskTarget,
  decisions: readonly { path: string; entry: Entry | null }[],
): Promise<Result<void>> {
  const { view, task } = target;
  const { session } = view;
  const { run } = view.state.start;
  const { id, title } = task.task;
  // Of a run that is undone, the next conflict may be one of another task.
  let next = id;
  const done = await sessions.withRecord(view, async (record): Promise<Result<'next' | 'landing' | 'landed'>> => {
    const drivenHere = session.live.has(run) && (record.state.phase === 'running' || isPaused(record.state));
    for (const decision of decisions) {
      const last = isLast(record.state.tasks.get(id)?.stage, decision.path);
      if (last) await rm(conflictFolder(session.repo, run, id), { recursive: true, force: true });
      resolveFile(record, id, decision.path, decision.entry);
    }
    const stage = record.state.tasks.get(id)?.stage;
    if (stage !== undefined && !isDecided(stage) && stage.kind === 'conflicted') return ok('next');
    // A run that goes on lands it by itself, when its turn comes.
    if (drivenHere && isPaused(record.state)) tellWaits(title, view);
    if (drivenHere) return ok('landing');
    const landed = await withProgress(`Weft: landing “${title}”`, (signal) => landTask(record, landPortsOf(record, session), id, signal));
    if (!landed.ok) return landed;
    next = nextOfRun(record.state, id) ?? id;
    return ok(next === id ? 'landed' : 'next');
  });
  if (!done.ok) return done;
  if (done.value !== 'next') {
    const intent = task.stage.kind === 'conflicted' ? task.stage.conflict.intent : 'land';
    const what = intent === 'undo' ? 'undone' : 'redone';
    if (intent !== 'land' && done.value === 'landed') void notify('information', `Weft: “${title}” is ${what}, as you decided.`);
    return ok();
  }
  const now = await sessions.find(run);
  const open = now?.state.tasks.get(next);
  return now === undefined || open === undefined ? ok() : openNext(sessions, { view: now, task: open });
}

/** What is decided in a run that is paused does not land before that goes on. */
function tellWaits(title: string, view: TaskTarget['view']): void {
  const run: RunNode = { kind: 'run', view };
  const go = { title: 'Continue Run', act: () => vscode.commands.executeCommand(COMMANDS.continueRun, run) };
  void notify('information', `Weft: “${title}” is decided, and lands when its run, which is paused, goes on.`, [go]);
}

/** The task that a run's undo or redo met a conflict at after another one was decided. */
function nextOfRun({ tasks }: RunState, decided: string): string | undefined {
  const isNext = (stage: Stage) => isReversal(stage) && stage.conflict.others?.before.some((step) => step.task === decided);
  return [...tasks.values()].find(({ stage }) => isNext(stage))?.task.id;
}

function isLast(stage: TaskTarget['task']['stage'] | undefined, path: string): boolean {
  return stage?.kind === 'conflicted' && stage.conflict.files.every((file) => file.path === path || stage.resolved.has(file.path));
}

/** The conflict that one of these documents belongs to: all four files of a merge lie in the conflict's folder. */
async function conflictAt(sessions: Sessions, candidates: readonly (vscode.Uri | undefined)[]): Promise<Found | undefined> {
  for (const uri of candidates) {
    const at = uri === undefined ? undefined : await stateFile(sessions, uri);
    if (at === undefined) continue;
    for (const view of await sessions.runs()) {
      for (const task of view.state.tasks.values()) {
        if (task.stage.kind !== 'conflicted') continue;
        const folder = conflictFolder(view.session.repo, view.state.start.run, task.task.id);
        const path = /^(?:base|ours|theirs|result)\/(.+)$/.exec(relative(folder, at.file).split(sep).join('/'))?.[1];
        const file = task.stage.conflict.files.find((one) => one.path === path);
        if (file !== undefined) return { target: { view, task }, file, result: stateUri(view.session, join(folder, 'result', file.path)) };
      }
    }
  }
  return undefined;
}
