/** The files of a conflict on disk, for people and editors: what both began from, both sides, and the result to be made of them. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Conflict, ConflictFile, Entry } from '../../domain/changes';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { contentOf, hash } from '../filters';
import { plumb } from '../git';
import { type Repository, readRef } from '../repository';
import { forgetRefs } from '../snapshot/prune';
import type { Content } from '../workspace';

/** Absolute paths; a side that does not have the file is an empty file. */
export interface ConflictPaths {
  readonly path: string;
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
  /** The merge with markers where git could not decide; a side's content where the file is not text or was deleted. */
  readonly result: string;
  /** Whether the result has markers, and a merge editor can help: text, on both sides. */
  readonly text: boolean;
}

/** The folder that a task's conflict lies in. */
export function conflictFolder(repo: Repository, run: string, task: string): string {
  return join(repo.stateDir, 'runs', run, 'conflicts', task);
}

/** Lets go of a conflict that is not to be decided any more: what git kept for it, and its files, with what the person had merged. */
export async function forgetConflict(repo: Repository, run: string, task: string): Promise<Result<void>> {
  const ref = `runs/${run}/conflicts/${task}`;
  const there = await readRef(repo, ref);
  if (!there.ok) return there;
  const forgotten = there.value === undefined ? ok() : await forgetRefs(repo, [ref]);
  if (!forgotten.ok) return forgotten;
  try {
    await rm(conflictFolder(repo, run, task), { recursive: true, force: true });
    return ok();
  } catch (thrown) {
    return fail(
      'file',
      `The files of the conflict cannot be deleted: ${thrownText(thrown)}.`,
      'Delete them yourself; they are of no use any more.',
    );
  }
}

/** Writes all the files of a conflict. A result that is there already (the person may have begun) is kept where `keep` is set. */
export async function writeConflictFiles(
  repo: Repository,
  where: { run: string; task: string; title: string; keep: boolean },
  conflict: Conflict,
): Promise<Result<ConflictPaths[]>> {
  const all: ConflictPaths[] = [];
  for (const file of conflict.files) {
    const written = await writeOne(repo, where, file);
    if (!written.ok) return written;
    all.push(written.value);
  }
  return ok(all);
}

async function writeOne(
  repo: Repository,
  where: { run: string; task: string; title: string; keep: boolean },
  file: ConflictFile,
): Promise<Result<ConflictPaths>> {
  const folder = conflictFolder(repo, where.run, where.task);
  const place = (side: string) => join(folder, side, file.path);
  const paths = { path: file.path, base: place('base'), ours: place('ours'), theirs: place('theirs'), result: place('result') };
  const contents = new Map<'base' | 'ours' | 'theirs', Content | undefined>();
  for (const side of ['base', 'ours', 'theirs'] as const) {
    const content = await sideOf(repo, file.path, file[side]);
    if (!content.ok) return content;
    contents.set(side, content.value);
  }
  try {
    for (const side of ['base', 'ours', 'theirs'] as const) {
      await mkdir(dirname(paths[side]), { recursive: true, mode: 0o700 });
      await writeFile(paths[side], contents.get(side)?.bytes ?? '');
    }
    await mkdir(dirname(paths.result), { recursive: true, mode: 0o700 });
    const isText = [...contents.values()].every(
      (content) => content === undefined || (content.mode !== '120000' && !content.bytes.includes(0)),
    );
    const text = isText && file.ours !== null && file.theirs !== null;
    const merged = text
      ? await markedUp(repo, { ...paths, oursBy: file.oursBy, theirsBy: where.title })
      : ok((contents.get('ours') ?? contents.get('theirs'))?.bytes ?? Buffer.alloc(0));
    if (!merged.ok) return merged;
    // 'wx' fails where there is one already.
    await writeFile(paths.result, merged.value, { flag: where.keep ? 'wx' : 'w' }).catch((thrown: unknown) => {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
    });
    return ok({ ...paths, text });
  } catch (thrown) {
    return fail(
      'file',
      `The files of the conflict in ${file.path} cannot be written to ${folder}: ${thrownText(thrown)}.`,
      'Make the folder writable, or free disk space.',
    );
  }
}

async function sideOf(repo: Repository, path: string, entry: Entry | null): Promise<Result<Content | undefined>> {
  return entry === null ? ok<Content | undefined>(undefined) : contentOf(repo, path, entry);
}

/** The merge of the three files as git marks it up, each side with the name of who wrote it. */
async function markedUp(
  repo: Repository,
  paths: { ours: string; base: string; theirs: string; oursBy: string; theirsBy: string },
): Promise<Result<Buffer>> {
  const label = (text: string) => ['-L', text.replaceAll(/\s+/g, ' ')];
  const args = [
    'merge-file',
    '-p',
    ...label(paths.oursBy),
    ...label('before both'),
    ...label(paths.theirsBy),
    paths.ours,
    paths.base,
    paths.theirs,
  ];
  // The exit code counts the conflicts, up to 127.
  const said = await plumb(repo, args, { answers: Array.from({ length: 127 }, (_, at) => at + 1) });
  return said.ok ? ok(said.value.out) : said;
}

/** The merge of the three files in which one side prevails in the lines where the two contradict each other. */
export async function favouring(repo: Repository, { ours, base, theirs }: ConflictPaths, side: 'ours' | 'theirs'): Promise<Result<Buffer>> {
  const said = await plumb(repo, ['merge-file', '-p', `--${side}`, ours, base, theirs]);
  return said.ok ? ok(said.value.out) : said;
}

/** Whether text still has a conflict's markers: lines that begin with seven of each, in order. */
export function hasMarkers(text: string): boolean {
  return /^<{7} [\s\S]*?^={7}\r?$[\s\S]*?^>{7} /m.test(text);
}

/** Stores what a person made of a conflicted file. */
export async function resolvedEntry(repo: Repository, file: ConflictFile, bytes: Buffer): Promise<Result<Entry>> {
  const mode = file.theirs?.mode ?? file.ours?.mode ?? '100644';
  const blob = await hash(repo, file.path, { mode, bytes });
  return blob.ok ? ok({ mode, blob: blob.value }) : blob;
}
