/** What waits for the person, and what they answered, in words. Pure. */
import { never } from './failure';
import { counted } from './figures';
import type { Answer, Ask } from './inbox';

/** So many files are named in one line. */
const NAMED = 5;

/** What is asked, in one line: what it is that one would approve, as it is; of many files, the others stand in {@link othersOf}. */
export function askText(ask: Ask): string {
  switch (ask.kind) {
    case 'question':
      return plainly(ask.question);
    case 'command':
      return `Run ${exactly(ask.command)}`;
    case 'mcp':
      return `Call ${exactly(ask.tool)} of ${exactly(ask.server)} with ${exactly(ask.input)}`;
    case 'protected':
      return `Change ${files(ask.paths)}: ${plainly(ask.why)}`;
    case 'landing':
      return `Land ${files(ask.paths)}`;
    case 'decision':
      return plainly(ask.title);
    default:
      return never(ask);
  }
}

/** The files of an ask that {@link askText} only counts: whoever approves it approves them as well. */
export function othersOf(ask: Ask): readonly string[] {
  return ask.kind === 'protected' || ask.kind === 'landing' ? ask.paths.slice(NAMED).map(exactly) : [];
}

/** What can be answered without writing; none where the person writes. */
export function optionsOf(ask: Ask): readonly string[] {
  return ask.kind === 'question' || ask.kind === 'decision' ? ask.options : ['yes', 'no'];
}

export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case 'approved':
      return { once: 'approved', agents: 'approved for these agents', run: 'approved for this run' }[answer.scope];
    case 'denied':
      return answer.reason === '' ? 'denied' : `denied: ${plainly(answer.reason)}`;
    case 'said':
      return `answered: ${plainly(answer.text)}`;
    case 'expired':
      return 'nobody answered in time';
    default:
      return never(answer);
  }
}

function files(paths: readonly string[]): string {
  const named = paths.slice(0, NAMED).map(exactly).join(', ');
  return paths.length > NAMED ? `${named} and ${counted(paths.length - NAMED, 'other')}` : named;
}

/** In one line, and so that no character hides, moves or ends what stands beside it: what a person reads here they approve. */
export function exactly(text: string): string {
  return text.replace(/\n/g, '⏎').replace(UNSEEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Controls, formats (bidirectional ones, too), what is not assigned, separators of lines, and letters and marks that have no shape. */
const UNSEEN = /\p{C}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/gu;

/** In one line; white space as it is shown anyway. */
function plainly(text: string): string {
  return exactly(text.replace(/\s+/g, ' ').trim());
}
