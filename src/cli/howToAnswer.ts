/** The command that answers what waits in an inbox. */
import type { Ask } from '../domain/inbox';
import { optionsOf } from '../domain/inboxText';

export function howToAnswer(run: string, item: string, ask: Ask): string {
  const options = optionsOf(ask).map((one) => (/^\w+$/.test(one) ? one : `'${one.replaceAll("'", "'\\''")}'`));
  return `weft answer ${run} ${item} ${options.length === 0 ? 'TEXT' : options.join(' | ')}`;
}
