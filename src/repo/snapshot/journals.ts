/** How far the journals of runs are: what came after a snapshot is told by that, for a clock may be set back. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { ifThere } from '../files';

export function journalFile(stateDir: string, run: string): string {
  return join(stateDir, 'runs', run, 'journal.jsonl');
}

/** The bytes that the journal of each run of a folder has by now, by the run's id. */
export async function journalLengths(stateDir: string): Promise<Result<Record<string, number>>> {
  try {
    const runs = await ifThere(readdir(join(stateDir, 'runs')));
    const found = await Promise.all(
      (runs ?? []).map(async (run) => [run, (await ifThere(stat(journalFile(stateDir, run))))?.size] as const),
    );
    return ok(Object.fromEntries(found.flatMap(([run, size]) => (size === undefined ? [] : [[run, size] as const]))));
  } catch (thrown) {
    return fail('file', `The journals in ${stateDir} cannot be looked at: ${thrownText(thrown)}.`, 'Make the folder readable.');
  }
}
