/**
 * What the language servers of this window say of a draft. They look at real files, and most of them only at those that an editor shows: so a
 * copy of the draft is put into a folder of the pool, its files are opened without being shown, and TypeScript's server, which answers
 * about any open file, is asked itself. What was measured is in ARCHITECTURE.md.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as vscode from 'vscode';
import { cancelled, fail, ok, type Result, thrownText } from '../../domain/failure';
import { counted } from '../../domain/figures';
import type { Executor } from '../../engine/acts/acts';
import { readTsAnswer } from '../../engine/acts/tsAnswer';
import type { FolderPool } from '../../repo/commands/folderPool';
import { diffTrees } from '../../repo/trees';
import { type Place, uriOf } from '../workspace/place';

/** All drafts are looked at in the same folder, one after the other: the project that a server has loaded for it stays warm. */
const OWNER = 'diagnostics';
/** How long servers that speak up by themselves are waited for, and how long it may take to see what changed on disk. */
const SPEAK_MS = 3_000;
const SETTLE_MS = 500;
const NOTICE_MS = 5_000;
/** How long TypeScript's server may take for one file: the first one has it load the project. */
const ASK_MS = 60_000;
/** Other files of the draft that are opened, so that what is asked about is seen together with them. */
const MAX_BESIDE = 50;
const MAX_PROBLEMS = 100;

/** A command of VS Code's own TypeScript extension, which is not part of the API. */
const TS_REQUEST = 'typescript.tsserverRequest';
const TS_LANGUAGES = new Set(['typescript', 'typescriptreact', 'javascript', 'javascriptreact']);

interface Problem {
  readonly severity: 'error' | 'warning' | 'information';
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** What is known of one file; `said`: whether anybody looked at it. */
interface Look {
  readonly path: string;
  readonly said: 'server' | 'workspace' | 'nobody';
  readonly problems: readonly Problem[];
}

export function draftProblems(place: Place, pool: FolderPool): Executor<'diagnostics'> {
  let last: Promise<unknown> = Promise.resolve();
  return ({ paths }, context, signal) => {
    const look = async () => {
      const draft = context.draft ?? context.base;
      const changes = await diffTrees(place.repo, context.base, draft);
      if (!changes.ok) return changes;
      // Links are not followed.
      const changed = new Set(changes.value.flatMap(({ path, after }) => (after?.mode.startsWith('100') === true ? [path] : [])));
      const onWait = () => context.step('Waiting for a folder to look for problems in');
      return pool.use({ tree: draft, owner: OWNER, onWait }, signal, async (folder) => {
        const beside = [...changed].filter((path) => !paths.includes(path)).slice(0, MAX_BESIDE);
        return lookAt({ folder: folder.path, place, paths, beside, changed }, signal);
      });
    };
    const mine = last.then(look);
    last = mine.catch(() => undefined);
    return mine;
  };
}

interface Looking {
  /** Holds the draft. */
  readonly folder: string;
  readonly place: Place;
  readonly paths: readonly string[];
  readonly beside: readonly string[];
  readonly changed: ReadonlySet<string>;
}

async function lookAt(
  { folder, place, paths, beside, changed }: Looking,
  signal: AbortSignal,
): Promise<Result<{ text: string; isError: boolean }>> {
  const spoken = new Set<string>();
  const listening = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
    for (const uri of uris) spoken.add(uri.toString());
  });
  try {
    // What was open here before has other text by now.
    await pause(SETTLE_MS, undefined, { signal });
    const opened = new Map<string, vscode.TextDocument>();
    for (const path of [...beside, ...paths]) {
      const document = await openCopy(join(folder, path), signal);
      if (document !== undefined) opened.set(path, document);
    }
    const hasTypeScript = (await vscode.commands.getCommands(true)).includes(TS_REQUEST);
    const looks: Look[] = [];
    const silent: [string, vscode.TextDocument][] = [];
    for (const path of paths) {
      const document = opened.get(path);
      if (document === undefined) looks.push({ path, said: 'nobody', problems: [] });
      else if (hasTypeScript && TS_LANGUAGES.has(document.languageId)) looks.push(await askTypeScript(path, document.uri.fsPath, signal));
      else silent.push([path, document]);
    }
    if (silent.length > 0) await pause(SPEAK_MS, undefined, { signal });
    for (const [path, { uri }] of silent) {
      const own = vscode.languages.getDiagnostics(uri);
      if (own.length > 0 || spoken.has(uri.toString())) looks.push({ path, said: 'server', problems: own.map(problemOf) });
      else if (changed.has(path)) looks.push({ path, said: 'nobody', problems: [] });
      else looks.push({ path, said: 'workspace', problems: vscode.languages.getDiagnostics(uriOf(place, path)).map(problemOf) });
    }
    return signal.aborted ? cancelled : ok({ text: textOf(looks), isError: false });
  } catch (thrown) {
    if (signal.aborted) return cancelled;
    return fail(
      'file',
      `The editor cannot look at your draft: ${thrownText(thrown)}.`,
      'Go on without it; if you may run commands, run the project’s own check.',
    );
  } finally {
    listening.dispose();
  }
}

/** Opens a file without showing it, with what it has on disk now; undefined where it is no text. */
async function openCopy(file: string, signal: AbortSignal): Promise<vscode.TextDocument | undefined> {
  const uri = vscode.Uri.file(file);
  const bytes = await vscode.workspace.fs.readFile(uri);
  const wanted = new TextDecoder().decode(bytes).replaceAll('\r\n', '\n');
  let document: vscode.TextDocument;
  try {
    document = await vscode.workspace.openTextDocument(uri);
  } catch {
    // It is binary, or too large for an editor.
    return undefined;
  }
  for (let waited = 0; document.getText().replaceAll('\r\n', '\n') !== wanted; waited += SETTLE_MS) {
    if (waited >= NOTICE_MS) return undefined;
    await pause(SETTLE_MS, undefined, { signal });
  }
  return document;
}

async function askTypeScript(path: string, file: string, signal: AbortSignal): Promise<Look> {
  const problems: Problem[] = [];
  for (const request of ['syntacticDiagnosticsSync', 'semanticDiagnosticsSync']) {
    const over = new AbortController();
    const asked = vscode.commands.executeCommand(TS_REQUEST, request, { file, includeLinePosition: true });
    const late = pause(ASK_MS, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined);
    const found = readTsAnswer(
      await Promise.race([
        asked.then(
          (said) => said,
          () => undefined,
        ),
        late,
      ]).finally(() => over.abort()),
    );
    if (found === undefined) return { path, said: 'nobody', problems: [] };
    for (const { message, category, code, startLocation } of found)
      problems.push({
        severity: category === 'error' ? 'error' : category === 'warning' ? 'warning' : 'information',
        line: startLocation.line,
        column: startLocation.offset,
        text: code === undefined ? message : `TS${code}: ${message}`,
      });
  }
  return { path, said: 'server', problems };
}

function problemOf({ severity, range, message, source, code }: vscode.Diagnostic): Problem {
  const name = typeof code === 'object' ? code.value : code;
  const from = [source, name].filter((part) => part !== undefined && part !== '').join(' ');
  return {
    severity:
      severity === vscode.DiagnosticSeverity.Error ? 'error' : severity === vscode.DiagnosticSeverity.Warning ? 'warning' : 'information',
    line: range.start.line + 1,
    column: range.start.character + 1,
    text: from === '' ? message : `${from}: ${message}`,
  };
}

const ORDER = { error: 0, warning: 1, information: 2 };

function textOf(looks: readonly Look[]): string {
  const all = looks.flatMap(({ path, problems }) => problems.map((problem) => ({ path, ...problem })));
  const sorted = all.sort(
    (a, b) => ORDER[a.severity] - ORDER[b.severity] || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line),
  );
  const lines = sorted
    .slice(0, MAX_PROBLEMS)
    .map(({ path, line, column, severity, text }) => `${path}:${line}:${column}: ${severity}: ${text}`);
  if (sorted.length > MAX_PROBLEMS) lines.push(`[${counted(sorted.length - MAX_PROBLEMS, 'more problem')} not shown.]`);
  const named = (said: Look['said']) => looks.filter((look) => look.said === said).map(({ path }) => path);
  const [seen, workspace, nobody] = [named('server'), named('workspace'), named('nobody')];
  if (seen.length > 0 && all.length === 0) lines.push(`No problems in ${seen.join(', ')}.`);
  if (workspace.length > 0)
    lines.push(
      `[Of ${workspace.join(', ')} this is what the editor says of the workspace’s version, which you have not changed; of files that it does not show it may say nothing.]`,
    );
  if (nobody.length > 0)
    lines.push(
      `[Nobody looked at ${nobody.join(', ')}: no language server here says anything of files that are not shown. If you may run commands, run the project’s own check.]`,
    );
  return lines.join('\n');
}
