/** The model that the settings name, and the key that it is reached with. */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import * as vscode from 'vscode';
import { systemClock } from '../../domain/clock';
import { ok, type Result } from '../../domain/failure';
import {
  CONFLICTS,
  type ConflictRule,
  DEFAULT_ATTEMPTS,
  DEFAULT_CONFLICT_PRIORITY,
  DEFAULT_CONFLICTS,
  DEFAULT_FOLDERS_QUOTA_GB,
  DEFAULT_LESSONS,
  DEFAULT_LINKS,
  DEFAULT_MAX_WORKERS,
  DEFAULT_MODEL,
  DEFAULT_ON_STALE,
  DEFAULT_RESUME,
  LESSONS,
  type Lessons,
  MAX_ATTEMPTS,
  MAX_FOLDERS,
  MAX_WORKERS,
  ON_STALE,
  type OnStale,
  RESUME,
  type Resume,
} from '../../domain/settings';
import { ANTHROPIC_URL } from '../../model/anthropic';
import { editorModel } from '../../model/editor/editorModel';
import type { ModelFetch } from '../../model/fetch';
import { recordInto } from '../../model/record/recordingFile';
import { type RunModel, runModel } from '../../model/runModel';
import type { SharedModels } from '../../model/sharedModels';
import { doorOf, modelSource, type SourceOptions } from '../../model/source';
import { systemTime } from '../../model/time';
import type { FolderSettings } from '../../repo/commands/folderPool';
import { notify, showFailure } from '../messages';
import { COMMANDS, SETTINGS } from '../names';
import { languageModel } from './languageModels';
import { moneySet } from './money';

const SECRET = 'weft.apiKey';
/** Pause between the chunks of a scripted answer, in milliseconds. */
const PACE_MS = 30;

export interface Settings {
  readonly model: string;
  readonly baseUrl: string;
  readonly maxWorkers: number;
  /** Whether a run finds out how many agents are worth having. */
  readonly adaptiveWorkers: boolean;
  /** How often an agent may begin on a task before it has failed. */
  readonly attempts: number;
  readonly onStale: OnStale;
  readonly conflicts: ConflictRule;
  /** What becomes of runs that were cut off. */
  readonly resume: Resume;
  /** What becomes of what a run learned. */
  readonly lessons: Lessons;
  /** Whether what an earlier run did is taken over where nothing has changed for it. */
  readonly reuse: boolean;
  /** Where traces are sent; empty: nowhere. */
  readonly otlpEndpoint: string;
  /** Commands that may run without having been read in a plan. */
  readonly allowedCommands: readonly string[];
  readonly folders: FolderSettings;
}

/** What is set for a folder; without one, for the whole window. */
export function settingsOf(folder: vscode.WorkspaceFolder | undefined): Settings {
  const section = vscode.workspace.getConfiguration('weft', folder?.uri);
  return {
    model: stringOr(section.get<unknown>(SETTINGS.model), DEFAULT_MODEL),
    baseUrl: stringOr(section.get<unknown>(SETTINGS.baseUrl), ''),
    adaptiveWorkers: section.get<unknown>(SETTINGS.adaptiveWorkers) === true,
    maxWorkers: countOr(section.get<unknown>(SETTINGS.maxWorkers), MAX_WORKERS, DEFAULT_MAX_WORKERS),
    attempts: countOr(section.get<unknown>(SETTINGS.attempts), MAX_ATTEMPTS, DEFAULT_ATTEMPTS),
    onStale: ON_STALE.find((one) => one === section.get<unknown>(SETTINGS.onStale)) ?? DEFAULT_ON_STALE,
    conflicts: {
      by: CONFLICTS.find((one) => one === section.get<unknown>(SETTINGS.conflicts)) ?? DEFAULT_CONFLICTS,
      priority: stringsOr(section.get<unknown>(SETTINGS.conflictPriority), DEFAULT_CONFLICT_PRIORITY),
    },
    resume: RESUME.find((one) => one === section.get<unknown>(SETTINGS.resume)) ?? DEFAULT_RESUME,
    lessons: LESSONS.find((one) => one === section.get<unknown>(SETTINGS.lessons)) ?? DEFAULT_LESSONS,
    reuse: section.get<unknown>(SETTINGS.reuse) !== false,
    otlpEndpoint: stringOr(section.get<unknown>(SETTINGS.otlpEndpoint), ''),
    allowedCommands: stringsOr(section.get<unknown>(SETTINGS.allowedCommands), []),
    folders: {
      link: stringsOr(section.get<unknown>(SETTINGS.folderLinks), DEFAULT_LINKS),
      most: MAX_FOLDERS,
      quotaBytes: numberOr(section.get<unknown>(SETTINGS.foldersQuota), DEFAULT_FOLDERS_QUOTA_GB) * 1e9,
    },
  };
}

function stringOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : otherwise;
}

function stringsOr(value: unknown, otherwise: readonly string[]): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one.trim() !== '') : otherwise;
}

function countOr(value: unknown, most: number, otherwise: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 ? Math.min(value, most) : otherwise;
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : otherwise;
}

export interface ModelPorts {
  readonly context: vscode.ExtensionContext;
  /** What all runs of the window share: there from the first call on. */
  readonly models: () => SharedModels;
}

/**
 * The model of a run, or of a plan that is made for one, behind the whole pipeline. The key stays in here and in what sends requests: agents
 * and journals never see it. `recording`: the file that is to have what the model answers.
 */
export async function modelOf({ context, models }: ModelPorts, settings: Settings, recording?: string): Promise<Result<RunModel>> {
  const money = moneySet();
  if (!money.ok) return money;
  const { prices, fallbacks } = money.value;
  const where = await whereOf(context, settings);
  const source = await sourceOf(context, where);
  if (!source.ok) return source;
  const secrets = where.key === undefined ? [] : [where.key];
  const record =
    recording === undefined ? ok(undefined) : recordInto(recording, { secrets, onFailure: (failure) => void showFailure(failure) });
  if (!record.ok) return record;
  return ok(runModel({ source: source.value, door: doorOf(where), shared: models(), prices, fallbacks, record: record.value }));
}

/** The server that the settings name, with nothing before it, whatever model they name. */
export async function serverOf(context: vscode.ExtensionContext, settings: Settings): Promise<Result<ModelFetch>> {
  return sourceOf(context, { ...(await whereOf(context, settings)), model: DEFAULT_MODEL });
}

export function baseUrlOf(settings: Settings): string {
  return settings.baseUrl || process.env['ANTHROPIC_BASE_URL'] || ANTHROPIC_URL;
}

export async function hasKey(context: vscode.ExtensionContext): Promise<boolean> {
  return ((await keyOf(context)) ?? '').trim() !== '';
}

/** Whether nothing can be asked for the want of a key. */
export async function lacksKey(context: vscode.ExtensionContext, settings: Settings): Promise<boolean> {
  const source = await sourceOf(context, await whereOf(context, settings));
  return !source.ok && source.failure.kind === 'auth' && !(await hasKey(context));
}

async function keyOf(context: vscode.ExtensionContext): Promise<string | undefined> {
  return (await context.secrets.get(SECRET)) ?? process.env['ANTHROPIC_API_KEY'];
}

type Where = Pick<SourceOptions, 'model' | 'baseUrl' | 'key'>;

async function whereOf(context: vscode.ExtensionContext, settings: Settings): Promise<Where> {
  return { model: settings.model, baseUrl: baseUrlOf(settings), key: await keyOf(context) };
}

function sourceOf(context: vscode.ExtensionContext, where: Where): Promise<Result<ModelFetch>> {
  return modelSource({
    ...where,
    fetch: (request) => fetch(request),
    samplePath: vscode.Uri.joinPath(context.extensionUri, 'media', 'sample.scenario.json').fsPath,
    readText: (path) => readFile(path, 'utf8'),
    paceMs: PACE_MS,
    // A pause that the signal ends is over, not failed.
    wait: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
    editor: (rest) => editorModel({ models: languageModel, id: () => `msg_${systemClock.id()}`, wait: systemTime.wait }, rest),
  });
}

export function registerApiKey(context: vscode.ExtensionContext): vscode.Disposable {
  return vscode.commands.registerCommand(COMMANDS.setApiKey, async () => {
    const key = await vscode.window.showInputBox({
      title: 'Weft: Set API Key',
      prompt: 'Kept in VS Code’s secret storage. Leave it empty to forget the key.',
      placeHolder: 'sk-ant-…',
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) return;
    if (key.trim() === '') await context.secrets.delete(SECRET);
    else await context.secrets.store(SECRET, key.trim());
    void notify('information', key.trim() === '' ? 'Weft has forgotten the API key.' : 'Weft will use this API key.');
  });
}
