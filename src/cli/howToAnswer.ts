/** The command that answers what waits in an inbox. */
import type { Ask } from '../domain/inbox';
import { optionsOf } from '../domain/inboxText';
import { shellWord } from './words';

export function howToAnswer(run: string, item: string, ask: Ask): string {
  const options = optionsOf(ask).map(shellWord);
  return `weft answer ${run} ${item} ${options.length === 0 ? 'TEXT' : options.join(' | ')}`;
}
