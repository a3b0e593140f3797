/** A run of the CLI on a model of the test that is killed at a step, and gone on with; and what its journal and transcripts say of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEvent, type RunEvent } from '../../src/domain/event';
import type { ModelFetch } from '../../src/model/fetch';
import { answeredIn, keepsAsked } from './answered';
import { type ModelServer, serveModel } from './modelServer';
import { type Files, git, putAll, temporaryFolder } from './sandbox';
import { startWeft } from './weft';

const cutOff = join(__dirname, 'cutOff.js');

/** Every kind is cut, and not a sample that another day has others of. */
export const EVERY = process.env['WEFT_TEST_EVERY_STEP'] !== undefined;

export interface Scene {
  readonly root: string;
  readonly server: ModelServer;
  /** The conversations that were sent, in order; and those of them to which there was an answer on disk by then. */
  readonly asked: string[];
  readonly again: string[];
  readonly env: Readonly<Record<string, string>>;
}

/** `onAsked` is told how many requests have come. */
export async function sceneOf(files: Files, model: ModelFetch, onAsked: (count: number) => void = () => undefined): Promise<Scene> {
  const root = temporaryFolder();
  git(root, 'init', '--quiet');
  putAll(root, files);
  const again: string[] = [];
  const kept = keepsAsked(model, (conversation) => {
    if (answered({ root }).has(conversation)) again.push(conversation);
    onAsked(kept.asked.length);
  });
  const server = await serveModel(kept.model);
  return { root, server, asked: kept.asked, again, env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'a-key' } };
}

/** Starts the CLI; it is killed right before the step that `cut` says. */
export function startCut({ root, env }: Scene, args: readonly string[], cut: Readonly<Record<string, string>> = {}) {
  return startWeft([...args, '--json'], { cwd: root, env: { ...env, ...cut, NODE_OPTIONS: `--require=${cutOff}` } });
}

export function stateDirOf({ root }: Pick<Scene, 'root'>): string {
  const [key = ''] = readdirSync(join(root, '.git', 'weft'));
  return join(root, '.git', 'weft', key);
}

/** The run of the folder that began last: ids count no more than seconds. */
export function runIn(scene: Pick<Scene, 'root'>): string {
  const runs = readdirSync(join(stateDirOf(scene), 'runs')).map((id) => ({ id, began: beganAt(scene, id) }));
  return runs.sort((a, b) => a.began - b.began || (a.id < b.id ? -1 : 1)).at(-1)?.id ?? '';
}

/** Whose journal says nothing yet is about to begin. */
function beganAt(scene: Pick<Scene, 'root'>, run: string): number {
  const file = journalIn(scene, run);
  return (existsSync(file) ? parseEvent(readFileSync(file, 'utf8').split('\n', 1)[0] ?? '')?.at : undefined) ?? Number.POSITIVE_INFINITY;
}

function journalIn(scene: Pick<Scene, 'root'>, run: string): string {
  return join(stateDirOf(scene), 'runs', run, 'journal.jsonl');
}

export function answered(scene: Pick<Scene, 'root'>): Set<string> {
  return answeredIn(stateDirOf(scene), runIn(scene));
}

export function journalOf(scene: Pick<Scene, 'root'>): RunEvent[] {
  const text = readFileSync(journalIn(scene, runIn(scene)), 'utf8');
  return text.split('\n').flatMap((line) => parseEvent(line) ?? []);
}

/** The kinds of events of a run, in the order in which they came first, but its beginning: before that there is nothing to go on with. */
export function kindsOf(scene: Pick<Scene, 'root'>): string[] {
  return [...new Set(journalOf(scene).map(({ type }) => type))].filter((type) => type !== 'run.started');
}

/** The kinds of entries in its transcripts. */
export function entryKindsOf(scene: Pick<Scene, 'root'>): string[] {
  const folder = join(stateDirOf(scene), 'runs', runIn(scene), 'transcripts');
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
  return [...new Set(lines.flatMap((line) => /^\{"type":"([^"]+)"/.exec(line)?.[1] ?? []))];
}

/** So many of them, others every hour; all, where every one is wanted. */
export function sampleOf<T>(all: readonly T[], many: number): T[] {
  if (EVERY) return [...all];
  const first = Math.floor(Date.now() / 3_600_000) * many;
  return Array.from({ length: Math.min(many, all.length) }, (_, at) => all[(first + at) % all.length] as T);
}
