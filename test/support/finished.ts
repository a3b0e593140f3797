/** Runs that have ended, of tasks that landed one after the other. */
import { valued } from './result';
import { type Rig, type RigOptions, rigIn } from './run';
import { type Files, put, type Sandbox, sandbox } from './sandbox';

type Edits = Readonly<Record<string, string | null>>;

/** Twenty numbered lines, some of them replaced, or taken away (null). */
export function lines(changed: Readonly<Record<number, string | null>> = {}): string {
  const all = Array.from({ length: 20 }, (_, at) => changed[at + 1] ?? (at + 1 in changed ? null : `line ${at + 1}`));
  return all.flatMap((line) => (line === null ? [] : [`${line}\n`])).join('');
}

/** What each task changes, by its id, each depending on the one before; `between` is what the person writes after each has landed. */
export async function finished(
  files: Files,
  tasks: Readonly<Record<string, Edits>>,
  between: Readonly<Record<string, Edits>> = {},
): Promise<Rig> {
  return finishedIn(await sandbox(files), tasks, between);
}

export async function finishedIn(
  box: Sandbox,
  tasks: Readonly<Record<string, Edits>>,
  between: Readonly<Record<string, Edits>> = {},
  more: RigOptions & { summary?: string; reads?: Readonly<Record<string, readonly string[]>> } = {},
): Promise<Rig> {
  const ids = Object.keys(tasks);
  const run = await rigIn(box, Object.fromEntries(ids.map((id, at) => [id, ids.slice(at - 1, at)])), more);
  for (const id of ids) {
    await (await run.agents.agent(id)).finish(tasks[id] ?? {}, more.summary, more.reads?.[id]);
    await run.reaches(id, 'landed');
    for (const [path, text] of Object.entries(between[id] ?? {})) put(box.root, path, text);
  }
  valued(await run.ended);
  return run;
}
