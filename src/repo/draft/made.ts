/** What a command made of a draft: a tree, of which the draft takes over what an agent itself could have done, and no more. */
import { posix } from 'node:path';
import type { Change } from '../../domain/changes';
import { fail, failureText, ok, type Result } from '../../domain/failure';
import { counted, sizeText } from '../../domain/figures';
import { parsePath } from '../../domain/path';
import { plumbText } from '../git';
import type { Repository } from '../repository';
import { commitTree, diffTrees, type Put, withPuts } from '../trees';
import { checkOwnSettings, isBinding } from './ownSettings';
import { checkPlace } from './place';

/** A draft holds what it has changed in memory, and a person looks at it: what makes more than this, or larger files, should be ignored by git. */
const MAX_FILES = 2_000;
const MAX_BYTES = 32 * 1024 * 1024;

export interface Made {
  /** Commit that the draft becomes; undefined where nothing of it is taken over. */
  readonly commit: string | undefined;
  /** Paths that differ from the draft as it was. */
  readonly paths: readonly string[];
  /** What is left out, and why: sentences for an agent. */
  readonly left: readonly string[];
}

/** `draft`: commit of the draft as it was; `tree`: what the command left. */
export async function madeOf(
  repo: Repository,
  { draft, tree, title }: { readonly draft: string; readonly tree: string; readonly title: string },
): Promise<Result<Made>> {
  const changes = await diffTrees(repo, draft, tree);
  if (!changes.ok) return changes;
  const tooMuch = await objectionToSize(repo, changes.value);
  if (!tooMuch.ok) return tooMuch;
  if (tooMuch.value !== undefined) return ok({ commit: undefined, paths: [], left: [tooMuch.value] });
  const puts = new Map<string, Put | null>();
  const left: string[] = [];
  for (const change of changes.value) {
    const allowed = await check(repo, change);
    if (allowed.ok) continue;
    puts.set(change.path, change.before);
    left.push(`${change.path}: ${failureText(allowed.failure)}`);
  }
  const paths = changes.value.flatMap(({ path }) => (puts.has(path) ? [] : [path]));
  if (paths.length === 0) return ok({ commit: undefined, paths, left });
  const kept = await withPuts(repo, tree, puts);
  if (!kept.ok) return kept;
  const commit = await commitTree(repo, kept.value, [draft], title);
  return commit.ok ? ok({ commit: commit.value, paths, left }) : commit;
}

/** Fails, in words for an agent, where it could not have made this change itself. */
async function check(repo: Repository, { path, before, after }: Change): Promise<Result<void>> {
  const parsed = parsePath(path);
  if (!parsed.ok) return parsed;
  if (parsed.value !== path) return fail('input', 'Its name is no path that holds on every system.', 'Give it another name.');
  if (after !== null && before === null) {
    const placed = checkPlace(repo.root, path);
    if (!placed.ok) return placed;
  }
  if (before?.mode === '160000' || after?.mode === '160000')
    return fail('input', 'It is a git repository of its own.', 'Leave it out, or delete its .git folder.');
  if (after?.mode === '120000') {
    const target = await read(repo, after.blob);
    if (!target.ok) return target;
    if (leadsOut(path, target.value.toString())) return fail('input', 'It is a link that leads out of the workspace.', 'Make it a file.');
  }
  if (!isBinding(path)) return ok();
  const old = before === null ? ok(null) : await read(repo, before.blob);
  if (!old.ok) return old;
  const now = after === null ? ok(null) : await read(repo, after.blob);
  return now.ok ? checkOwnSettings(path, old.value, now.value) : now;
}

function leadsOut(path: string, target: string): boolean {
  if (/^([a-z]:|[\\/])/i.test(target)) return true;
  const led = posix.normalize(posix.join(posix.dirname(path), target.replaceAll('\\', '/')));
  return led === '..' || led.startsWith('../') || (led !== '.' && !parsePath(led.replace(/\/$/, '')).ok);
}

async function read(repo: Repository, blob: string): Promise<Result<Buffer>> {
  const bytes = await repo.objects.read(blob);
  if (!bytes.ok) return bytes;
  return bytes.value === undefined
    ? fail('git', `The object ${blob} is no longer in the repository.`, 'Something deleted git objects: “git fsck” tells more.')
    : ok(bytes.value);
}

async function objectionToSize(repo: Repository, changes: readonly Change[]): Promise<Result<string | undefined>> {
  const ignore = 'Nothing of what it changed is in your draft. Have it write into a folder that git ignores.';
  if (changes.length > MAX_FILES)
    return ok(`It changed ${counted(changes.length, 'file')}, and at most ${MAX_FILES.toLocaleString('en')} can be taken over. ${ignore}`);
  const blobs = changes.flatMap(({ after }) => (after === null || after.mode === '160000' ? [] : [after.blob]));
  if (blobs.length === 0) return ok(undefined);
  const sizes = await plumbText(repo, ['cat-file', '--batch-check=%(objectsize)'], { stdin: `${blobs.join('\n')}\n` });
  if (!sizes.ok) return sizes;
  const bytes = sizes.value.split('\n').reduce((sum, size) => sum + (Number.parseInt(size, 10) || 0), 0);
  return ok(bytes > MAX_BYTES ? `It wrote ${sizeText(bytes)}, and at most ${sizeText(MAX_BYTES)} can be taken over. ${ignore}` : undefined);
}
