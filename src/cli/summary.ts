/** `weft summary`, and what a run ends with: what came of it, as one answer. */
import { never, ok, type Result } from '../domain/failure';
import type { RunState } from '../domain/run';
import { findRun } from '../engine/journal/library';
import { readSynthesis } from '../engine/synthesis/read';
import type { Next } from '../engine/synthesis/synthesis';
import { synthesisText } from '../engine/synthesis/text';
import type { Repository } from '../repo/repository';
import { ended } from './output';
import type { CliPorts } from './run';
import { seconds } from './words';

export async function summaryCommand(run: string, { repo, output }: CliPorts): Promise<number> {
  const state = await findRun(repo, run);
  if (!state.ok) return ended(output, state);
  const synthesis = readSynthesis(repo.stateDir, state.value, Date.now());
  if (!synthesis.ok) return ended(output, synthesis);
  output.say(synthesisText(synthesis.value, WAYS).trimEnd());
  output.result({ exitCode: 0, synthesis: synthesis.value });
  return 0;
}

/** What came of a run, for people. */
export function synthesisOfRun(repo: Repository, state: RunState): Result<string> {
  const synthesis = readSynthesis(repo.stateDir, state, Date.now());
  return synthesis.ok ? ok(synthesisText(synthesis.value, WAYS).trimEnd()) : synthesis;
}

/** In a terminal, what models wrote is shown as it is: what a terminal would obey is taken out of all that is printed. */
const WAYS = { quoted: (text: string) => text, duration: seconds, way };

function way(next: Next, run: string): string {
  switch (next.kind) {
    case 'answer':
      return '`weft inbox`';
    case 'budget':
      return `\`weft resume ${run} --budget USD\``;
    case 'resume':
      return `\`weft resume ${run}\``;
    case 'decide':
      return `Merge its files, then \`weft land ${run} ${next.task}\``;
    case 'held':
      return `\`weft land ${run} ${next.task}\` or \`weft discard ${run} ${next.task}\``;
    case 'retry':
      return `\`weft retry ${run} ${next.task}\``;
    case 'arbitrate':
      return next.run === null ? '`weft inbox`' : `\`weft arbitrate ${next.run} ${next.task}\``;
    case 'rest':
      return `\`weft plan-rest ${run}\``;
    case 'findings':
      return '';
    case 'handOver':
      return `\`weft export ${run} --branch NAME\``;
    default:
      return never(next);
  }
}
