/** Agents' work for the suite, without any agent: changesets as drafts make them. */
import { systemClock } from '../../src/domain/clock';
import { Draft } from '../../src/repo/draft/draft';
import { beginChain, type Incoming, type Landing, type LandPorts, land } from '../../src/repo/land/land';
import { type Snapshot, takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { must, type TestFolder } from './folder';

export const never = new AbortController().signal;

export interface TestRun {
  readonly snapshot: Snapshot;
  readonly ports: LandPorts;
  /** What an agent that began at the snapshot did: each file's new text, null for deleted. */
  work(task: string, files: Readonly<Record<string, string | null>>): Promise<Incoming>;
  land(incoming: Incoming): Promise<Landing>;
  undo(landed: Incoming, landing: Landing): Promise<Landing>;
}

/** Takes a snapshot and begins a run's chain at it. */
export async function beginTestRun(place: TestFolder): Promise<TestRun> {
  const { repo, workspace } = place;
  const run = systemClock.id();
  const snapshot = must(await takeSnapshot(repo, workspace, { label: 'Before the test', clock: systemClock }, never));
  must(await beginChain(repo, run, snapshot.commit));
  const ports: LandPorts = { repo, workspace, clock: systemClock, titleOf: (task) => `Task ${task}` };
  return {
    snapshot,
    ports,
    work: async (task, files) => {
      const draft = new Draft(repo, snapshot.commit);
      for (const [path, text] of Object.entries(files))
        must(text === null ? await draft.remove(path) : await draft.write(path, Buffer.from(text)));
      const { commit } = must(await draft.commit());
      return { run, task, title: `Task ${task}`, intent: 'land', base: snapshot.commit, theirs: commit ?? snapshot.commit };
    },
    land: async (incoming) => must(await land(ports, incoming, never)),
    undo: async (landed, landing) => {
      if (landing.kind !== 'landed') throw new Error('Only what landed can be undone.');
      return must(await land(ports, { ...landed, intent: 'undo', base: landing.after, theirs: landing.before }, never));
    },
  };
}
