/** A run's chain to land in, without the run: a snapshot, and edits that agents made from it. */
import assert from 'node:assert/strict';
import { beginChain, chainNow, type Incoming, type Landing, type LandPorts, land } from '../../src/repo/land/land';
import { type Snapshot, takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { countingClock } from './clock';
import { type Editor, editor } from './editor';
import { changesetOf, type Edits } from './gatedWorker';
import { NEVER, valued } from './result';
import { type Files, type Sandbox, sandbox } from './sandbox';

type Landed = Extract<Landing, { kind: 'landed' }>;

export interface Field extends Sandbox {
  readonly workspace: Editor;
  readonly snapshot: Snapshot;
  readonly ports: LandPorts;
  /** What is to land for a task: its agent's edits, from the snapshot or another commit. */
  incoming(task: string, edits: Edits, base?: string): Promise<Incoming>;
  /** Lands edits that must not be in conflict. */
  landed(task: string, edits: Edits, base?: string): Promise<Landed>;
  /** The workspace as the draft of a dependent task would begin from it. */
  now(): Promise<string>;
  undo(task: string, landing: Landed): Promise<Landing>;
}

/** The run's id is `r1`; a task's title is `Task` and its id. */
export async function field(files: Files): Promise<Field> {
  return fieldIn(await sandbox(files));
}

export async function fieldIn({ root, repo }: Sandbox): Promise<Field> {
  const workspace = editor(repo.root);
  const clock = countingClock();
  const snapshot = valued(await takeSnapshot(repo, workspace, { label: 'Test', clock }, NEVER));
  valued(await beginChain(repo, 'r1', snapshot.commit));
  const ports: LandPorts = { repo, workspace, clock, titleOf: (task) => `Task ${task}` };
  const common = (task: string) => ({ run: 'r1', task, title: `Task ${task}` });
  const incoming = async (task: string, edits: Edits, base = snapshot.commit): Promise<Incoming> => {
    const { commit } = await changesetOf(repo, base, edits);
    return { ...common(task), intent: 'land', base, theirs: commit ?? base };
  };
  return {
    root,
    repo,
    workspace,
    snapshot,
    ports,
    incoming,
    landed: async (task, edits, base) => {
      const landing = valued(await land(ports, await incoming(task, edits, base), NEVER));
      assert.ok(landing.kind === 'landed', JSON.stringify(landing));
      return landing;
    },
    now: async () => valued(await chainNow(ports, 'r1', NEVER)),
    undo: async (task, { before, after }) =>
      valued(await land(ports, { ...common(task), intent: 'undo', base: after, theirs: before }, NEVER)),
  };
}
