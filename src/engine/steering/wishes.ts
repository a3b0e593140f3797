/** What is wished of a run from outside of the process that drives it: small files in the run's folder, which that looks for and answers. */
import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { budgetSchema, WHOLE_RUN } from '../../domain/budget';
import type { Clock } from '../../domain/clock';
import { failureSchema } from '../../domain/event';
import { cancelled, fail, fixOfWrite, never, ok, type Result, thrownText } from '../../domain/failure';
import { answerSchema as inboxAnswerSchema } from '../../domain/inbox';
import type { RunState } from '../../domain/run';
import { isMissing } from '../../repo/files';
import { journalFile } from '../journal/journal';
import { type Life, lifeOf } from '../journal/library';
import { readState } from '../journal/record';
import type { Controls } from './controls';

const wishSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('pause') }),
  z.strictObject({ kind: z.literal('continue') }),
  z.strictObject({ kind: z.literal('stop') }),
  z.strictObject({ kind: z.literal('retry'), task: z.string(), fresh: z.boolean(), hint: z.string() }),
  /** Answers what waits in its inbox. */
  z.strictObject({ kind: z.literal('answer'), item: z.string(), answer: inboxAnswerSchema }),
  z.strictObject({ kind: z.literal('arbitrate'), task: z.string() }),
  /** `task` missing: of the run. */
  z.strictObject({ kind: z.literal('budget'), budget: budgetSchema, task: z.string().exactOptional() }),
  /** How many agents run at once, and of these roles; what is not said stays. */
  z.strictObject({ kind: z.literal('limit'), maxWorkers: z.number().exactOptional(), pools: z.record(z.string(), z.number()) }),
  /** The task is as in a plan. */
  z.strictObject({ kind: z.literal('add'), task: z.unknown() }),
]);
export type Wish = z.infer<typeof wishSchema>;

const answerSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), failure: failureSchema }),
]);

/** The driver looks so often, and whoever wishes something looks for the answer, in milliseconds. */
const LOOK_MS = 250;
const ANSWER_MS = 50;
/** A retry merges a draft with the whole workspace: in a large one that takes its time. */
const PATIENCE_MS = 60_000;
/** An answer that is longer in coming is waited for aloud. */
const QUIET_MS = 3_000;

/** The run that a wish is about, where it is driven. */
export interface Driven {
  readonly controls: Controls;
  stop(): void;
}

export async function perform(run: Driven, wish: Wish, signal: AbortSignal): Promise<Result<unknown>> {
  const { controls } = run;
  switch (wish.kind) {
    case 'pause':
      return controls.pause();
    case 'continue':
      return controls.continue();
    case 'stop':
      run.stop();
      return ok();
    case 'retry':
      return controls.retry(wish.task, wish, signal);
    case 'answer':
      return controls.answer(wish.item, wish.answer);
    case 'arbitrate':
      return controls.arbitrate(wish.task, signal);
    case 'budget':
      return controls.raise(wish.task ?? WHOLE_RUN, wish.budget);
    case 'limit':
      return controls.change(wish);
    case 'add':
      return controls.add(wish.task);
    default:
      return never(wish);
  }
}

/** Looks for wishes and answers them, one after the other, until what comes back is called; that resolves when none is under way. */
export function hearWishes(
  stateDir: string,
  state: RunState,
  fulfil: (wish: Wish, signal: AbortSignal) => Promise<Result<unknown>>,
): () => Promise<void> {
  const folder = folderOf(stateDir, state);
  const end = new AbortController();
  const look = async (): Promise<void> => {
    for (const name of await wishesIn(folder)) {
      const wish = await take(join(folder, name));
      const done = wish.ok ? await fulfil(wish.value, end.signal) : wish;
      await put(folder, `${idOf(name)}${ANSWER}`, done.ok ? { ok: true } : done);
    }
  };
  let under: Promise<void> | undefined;
  const timer = setInterval(() => {
    under ??= look();
    // A folder that cannot be read or written hears nothing: whoever waits for an answer is told that none comes.
    const over = () => {
      under = undefined;
    };
    under.then(over, over);
  }, LOOK_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    end.abort();
    await Promise.allSettled([under]);
    // Who came last is told that it is over.
    await Promise.allSettled([look()]);
  };
}

export interface Telling {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly patienceMs?: number;
  /** Is called once, where no answer came at once, with the process that is waited for. */
  readonly onWait?: (pid: number) => void;
}

/** Tells the process that drives a run what is wished, and waits for what comes of it. Fails where nobody drives the run, or does not answer. */
export async function tellWish(
  stateDir: string,
  state: RunState,
  wish: Wish,
  { clock, signal, patienceMs = PATIENCE_MS, onWait }: Telling,
): Promise<Result<void>> {
  const { run } = state.start;
  const { pid } = state.driver;
  const life = lifeNow(stateDir, state);
  if (life === 'finished') return over(run, wish);
  if (life === 'interrupted') return fail('input', `Nobody drives run ${run}: its process went.`, `Run “weft resume ${run}” first.`);
  const folder = folderOf(stateDir, state);
  const id = clock.id();
  const began = performance.now();
  const until = began + patienceMs;
  let isTold = false;
  // Whoever calls it off twice ends this process at once: a wish that nobody waits for must not come true then.
  const withdraw = () => {
    for (const kind of [WISH, ANSWER]) rmSync(join(folder, `${id}${kind}`), { force: true });
  };
  process.once('exit', withdraw);
  try {
    await put(folder, `${id}${WISH}`, wish);
    for (let waits = true; waits; ) {
      waits = performance.now() < until && !signal.aborted && lifeOf(state) === 'running';
      const answer = await answerIn(folder, id);
      if (answer !== undefined) return answer.ok ? ok() : answer;
      if (!isTold && performance.now() > began + QUIET_MS) {
        isTold = true;
        onWait?.(pid);
      }
      if (waits) await pause(ANSWER_MS, undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted) return cancelled;
    // It came to its end before it looked again.
    if (lifeNow(stateDir, state) === 'finished') return over(run, wish);
    return fail(
      'timeout',
      `Process ${pid}, which drives run ${run}, has not answered within ${Math.round(patienceMs / 1000)} s.`,
      'See whether it is still at work, then try again.',
    );
  } catch (thrown) {
    const fix = fixOfWrite(thrown, 'Make the folder writable, then try again.');
    return fail('file', `Run ${run} could not be told in ${folder}: ${thrownText(thrown)}.`, fix);
  } finally {
    // What cannot be taken away goes with the run.
    await Promise.allSettled([WISH, ANSWER].map((kind) => rm(join(folder, `${id}${kind}`), { force: true })));
    process.off('exit', withdraw);
    // As long as others wait there, the folders stay.
    await rmdir(folder)
      .then(() => rmdir(dirname(folder)))
      .catch(() => undefined);
  }
}

/** As its journal has it by now: a process that has just gone may have come to the end of its run. */
function lifeNow(stateDir: string, state: RunState): Life {
  const life = lifeOf(state);
  if (life !== 'interrupted') return life;
  const now = readState(stateDir, state.start.run);
  return now.ok && lifeOf(now.value) === 'finished' ? 'finished' : life;
}

function over(run: string, { kind }: Wish) {
  return fail(
    'input',
    `Run ${run} is over.`,
    kind === 'stop' ? 'There is nothing to stop.' : 'Dispatch the work again, in a run of its own.',
  );
}

const WISH = '.wish.json';
const ANSWER = '.answer.json';

/** Each process that drives a run has its own: what was wished of one that is gone nobody waits for. */
function folderOf(stateDir: string, { start, driver }: RunState): string {
  return join(dirname(journalFile(stateDir, start.run)), 'wishes', `${driver.pid}-${driver.since}`);
}

function idOf(name: string): string {
  return name.slice(0, -WISH.length);
}

/** Those that wait, those that came first at the beginning. */
async function wishesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(WISH)).sort();
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

/** Reads a wish and takes it away: none is fulfilled twice. */
async function take(file: string): Promise<Result<Wish>> {
  const text = await readFile(file, 'utf8');
  await rm(file);
  const parsed = wishSchema.safeParse(dataOf(text));
  if (parsed.success) return ok(parsed.data);
  return fail('input', 'The process that drives the run does not know this wish.', 'Use the same version of Weft for both.');
}

async function answerIn(folder: string, id: string): Promise<z.infer<typeof answerSchema> | undefined> {
  try {
    return answerSchema.parse(dataOf(await readFile(join(folder, `${id}${ANSWER}`), 'utf8')));
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

function dataOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Nobody finds half of it. */
async function put(folder: string, name: string, data: unknown): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `${name}.part`);
  await writeFile(part, JSON.stringify(data), { mode: 0o600 });
  await rename(part, join(folder, name));
}
