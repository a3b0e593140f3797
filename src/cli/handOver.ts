/** `weft blame` and `weft export`: who wrote what, and handing it on. */
import { readFile } from 'node:fs/promises';
import { counted } from '../domain/figures';
import { parsePath } from '../domain/path';
import { type Attribution, attribute } from '../engine/history/attribution';
import { exportRun } from '../engine/history/export';
import { findRun } from '../engine/journal/library';
import { absolute } from '../repo/root';
import { ended } from './output';
import type { CliPorts } from './run';

/** Each line of a file with who wrote it. */
export async function blameCommand(file: string, { repo, workspace, output, signal }: CliPorts): Promise<number> {
  const path = parsePath(file);
  if (!path.ok) return ended(output, path);
  const lines = await attribute(repo, workspace, path.value, signal);
  if (!lines.ok) return ended(output, lines);
  const there = absolute(repo.root, path.value) ?? path.value;
  const texts = (await readFile(there)).toString().split(/\r?\n/);
  const names = lines.value.map(nameOf);
  const width = names.reduce((most, name) => Math.max(most, name.length), 0);
  for (const [at, name] of names.entries()) output.say(`${name.padEnd(width)}  ${String(at + 1).padStart(5)}  ${texts[at] ?? ''}`);
  output.result({ exitCode: 0, lines: lines.value });
  return 0;
}

function nameOf(line: Attribution): string {
  if (line.by === 'task') return `${line.title} (${line.role}, run ${line.run})`;
  return line.by === 'person' ? 'You' : 'Before Weft';
}

export async function exportCommand(
  wanted: { run: string; branch: string; withEdits: boolean },
  { repo, output, signal }: CliPorts,
): Promise<number> {
  const state = await findRun(repo, wanted.run);
  if (!state.ok) return ended(output, state);
  const made = await exportRun(state.value, repo, wanted, signal);
  if (!made.ok) return ended(output, made);
  const { name, tip, commits, leftOut, ignored } = made.value;
  for (const title of commits) output.say(`  ${title}`);
  if (leftOut.length > 0) output.say(`Left out, being in repositories of their own: ${leftOut.join(', ')}`);
  if (ignored.length > 0) output.say(`Left out, being ignored by git: ${ignored.join(', ')}`);
  output.say(`The branch ${name} has ${counted(commits.length, 'commit')} of this run. Nothing else was changed, and nothing was pushed.`);
  output.result({ exitCode: 0, branch: name, commit: tip, commits, leftOut, ignored });
  return 0;
}
