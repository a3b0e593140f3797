/** `weft lessons`: what a run learned, to be read, and to be kept for later runs. */
import { failureText } from '../domain/failure';
import { counted } from '../domain/figures';
import { findRun } from '../engine/journal/library';
import { keepLessons, lessonsPath, newLessons } from '../engine/lessons/keep';
import { ended } from './output';
import type { CliPorts } from './run';

/** Lists the lessons of a run that are not kept yet; `keep`: and keeps them. Resolves to the exit code. */
export async function lessonsCommand({ run, keep }: { readonly run: string; readonly keep: boolean }, ports: CliPorts): Promise<number> {
  const { repo, workspace, output, signal } = ports;
  const state = await findRun(repo, run);
  if (!state.ok) return ended(output, state);
  const lessons = await newLessons(repo, workspace, state.value);
  if (!lessons.ok) return ended(output, lessons);
  const file = lessonsPath(repo);
  if (lessons.value.length === 0) output.say('Nothing that is not kept already.');
  for (const lesson of lessons.value) output.say(`- ${lesson}`);
  if (lessons.value.length > 0 && !keep) output.say(`Keep them in ${file}, for the agents of later runs: weft lessons ${run} --keep`);
  if (keep && lessons.value.length > 0) {
    const kept = await keepLessons(repo, workspace, lessons.value, signal);
    if (!kept.ok) {
      output.warn(failureText(kept.failure));
      output.result({ exitCode: 1, failure: kept.failure });
      return 1;
    }
    output.say(`${counted(lessons.value.length, 'lesson')} kept in ${file}. Edit or delete them there.`);
  }
  output.result({ exitCode: 0, lessons: lessons.value, ...(keep ? { file } : {}) });
  return 0;
}
