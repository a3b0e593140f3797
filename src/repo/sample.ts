/** A copy of the sample project, as a git repository of its own: ready to be worked on, and marked as a sample. */
import { cp, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { gitText, plumb } from './git';

/** What the sample's run is asked to do. */
export const SAMPLE_GOAL = 'Get the tea shop ready to open: search, checked and saved orders, free and express shipping, tests and docs.';
/** The model that plays the sample, without a key or the network. */
export const SAMPLE_MODEL = 'scripted:sample';

/**
 * Copies the sample from Weft's `media` folder into `target`, which exists and is empty, and commits it there.
 * `model`: what the copy's settings name; undefined for the person's own.
 */
export async function copySample(media: string, target: string, model: string | undefined): Promise<Result<void>> {
  try {
    await cp(join(media, 'sample'), target, { recursive: true });
    await mkdir(join(target, '.vscode'), { recursive: true });
    const settings = model === undefined ? {} : { 'weft.model': model };
    await writeFile(join(target, '.vscode', 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
  } catch (thrown) {
    return fail('file', `The sample cannot be copied to ${target}: ${thrownText(thrown)}.`, 'Free some disk space, then try again.');
  }
  const begun = await gitText(target, ['init', '--quiet', '--template=', '--initial-branch=main']);
  if (!begun.ok) return begun;
  const place = { gitDir: join(target, '.git'), workTree: target, cwd: target };
  for (const args of [
    ['add', '--all', '--', '.'],
    ['commit', '--quiet', '--message=The project as it began'],
  ]) {
    const done = await plumb(place, args);
    if (!done.ok) return done;
  }
  return mark(target);
}

/** A file inside .git: no part of the project, and no window or machine need remember. */
async function mark(folder: string): Promise<Result<void>> {
  try {
    await writeFile(join(folder, '.git', 'weft-sample'), '');
    return ok();
  } catch (thrown) {
    return fail('file', `The sample in ${folder} cannot be marked as one: ${thrownText(thrown)}.`, 'Try again.');
  }
}

/** Whether a folder is a copy that {@link copySample} made. */
export function isSample(folder: string): Promise<boolean> {
  return stat(join(folder, '.git', 'weft-sample')).then(
    () => true,
    () => false,
  );
}
