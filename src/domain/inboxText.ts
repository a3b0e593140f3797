/** What waits for the person, and what they answered, in words. */
import { never } from './failure';
import type { Answer, Ask } from './inbox';

/** What is asked, as one sentence. */
export function askText(ask: Ask): string {
  switch (ask.kind) {
    case 'question':
      return ask.question;
    case 'command':
      return `May it run ${ask.command}`;
    case 'mcp':
      return `May it call ${ask.tool} of ${ask.server} with ${ask.input}`;
    case 'protected':
      return `May it change ${ask.paths.join(', ')} (${ask.why})`;
    case 'landing':
      return `May it land (${ask.paths.join(', ')})`;
    case 'decision':
      return ask.title;
    default:
      return never(ask);
  }
}

export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case 'approved':
      return { once: 'approved', agents: 'approved for these agents', run: 'approved for this run' }[answer.scope];
    case 'denied':
      return answer.reason === '' ? 'denied' : `denied: ${answer.reason}`;
    case 'said':
      return answer.text;
    case 'expired':
      return 'nobody answered in time';
    default:
      return never(answer);
  }
}
