/** What the links of a chain say: a first line for people who look at it with git, and facts for Weft. */
import type { Clock } from '../../domain/clock';
import { never } from '../../domain/failure';
import { partText } from '../../domain/part';
import { messageOf } from '../trees';
import type { Incoming } from './intent';

/** Of a link that no agent made. */
export function personsMessage(clock: Clock): string {
  return messageOf('You', { by: 'person', at: clock.now() });
}

/** Of a link that a task's landing, undo or redo made. */
export function tasksMessage({ intent, run, part }: Incoming, task: string, title: string, clock: Clock): string {
  const at = clock.now();
  const facts = { run, task, at, ...(part === undefined ? {} : { path: part.path, hunk: part.hunk?.number }) };
  const what = part === undefined ? title : `${title} (${partText(part)})`;
  switch (intent) {
    case 'land':
      return messageOf(title, { by: 'task', ...facts });
    case 'undo':
      return messageOf(`Undo: ${what}`, { by: 'undo', ...facts });
    case 'redo':
      return messageOf(`Redo: ${what}`, { by: 'redo', ...facts });
    default:
      return never(intent);
  }
}
