/** What each snapshot takes of the disk: measured one after the other, when somebody looks, and kept. */
import { neighboursOf, ownDisk } from '../../repo/snapshot/prune';
import type { SnapshotNode } from '../runs/nodes';

export interface SnapshotSizes {
  /** Bytes; undefined as long as they are not known. */
  of(node: SnapshotNode): number | undefined;
  /** Measures those that are not known; `nodes` are all snapshots of their folders, newest first. */
  measure(nodes: readonly SnapshotNode[]): void;
  dispose(): void;
}

/** `measured` is called for each row whose size is new. */
export function snapshotSizes(measured: (node: SnapshotNode) => void): SnapshotSizes {
  const sizes = new Map<string, { readonly beside: string; readonly bytes: number | undefined }>();
  const closing = new AbortController();
  let wanted: readonly SnapshotNode[] = [];
  let working = false;
  const work = async () => {
    if (working) return;
    working = true;
    for (let next = nextOf(wanted); next !== undefined && !closing.signal.aborted; next = nextOf(wanted)) {
      const { node, all, beside } = next;
      const bytes = await ownDisk(node.session.repo, all, node.snapshot, closing.signal);
      // What cannot be measured has no size in its row, and is not tried again: the row's own commands tell what is wrong.
      sizes.set(node.snapshot.commit, { beside, bytes: bytes.ok ? bytes.value : undefined });
      if (!closing.signal.aborted) measured(node);
    }
    working = false;
  };
  const nextOf = (nodes: readonly SnapshotNode[]) => {
    for (const node of nodes) {
      const all = nodes.filter(({ session }) => session === node.session).map(({ snapshot }) => snapshot);
      // What comes before and after it decides what it alone takes.
      const beside = neighboursOf(all, node.snapshot)
        .map(({ commit }) => commit)
        .join(' ');
      if (sizes.get(node.snapshot.commit)?.beside !== beside) return { node, all, beside };
    }
    return undefined;
  };
  return {
    of: ({ snapshot }) => sizes.get(snapshot.commit)?.bytes,
    measure: (nodes) => {
      wanted = nodes;
      void work();
    },
    dispose: () => closing.abort(),
  };
}
