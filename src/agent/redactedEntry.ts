/** An entry of a transcript as it may be written down: without secrets. Pure. */
import { dataOf } from '../domain/line';
import { redacted } from '../domain/secrets';
import { callsOf } from './calls';
import { isMedia, loadOf } from './media';
import { type Entry, entrySchema } from './transcript';

/** The entry itself where it has no secret. Of an answer, says which calls are not whole any more: they cannot be made from what is left. */
export function redactedEntry(entry: Entry): Entry {
  const text = JSON.stringify(entry);
  const left = holdsMedia(entry) ? entrySchema.parse(eachText(entry, isMedia)) : cleaned(entry, text);
  if (left === entry || JSON.stringify(left) === text) return entry;
  if (entry.type !== 'answer' || left.type !== 'answer') return left;
  const calls = new Map(callsOf(left.content).map((call) => [call.id, JSON.stringify(call)]));
  return { ...left, redacted: callsOf(entry.content).flatMap((call) => (calls.get(call.id) === JSON.stringify(call) ? [] : [call.id])) };
}

function cleaned(entry: Entry, text: string): Entry {
  const clean = redacted(text);
  if (clean === text) return entry;
  // Taken out of the whole, for a name beside a value may be what tells; where that leaves no entry, out of each text in it.
  const parsed = entrySchema.safeParse(dataOf(clean));
  return parsed.success ? parsed.data : entrySchema.parse(eachText(entry));
}

/** Their bytes look like anything, and must stay as they are. */
function holdsMedia(entry: Entry): boolean {
  switch (entry.type) {
    case 'result':
      return loadOf([entry.result]).count > 0;
    case 'taken':
      return entry.messages.some(({ content }) => typeof content !== 'string' && loadOf(content).count > 0);
    default:
      return false;
  }
}

function eachText(value: unknown, isKept: (value: object) => boolean = () => false): unknown {
  if (typeof value === 'string') return redacted(value);
  if (Array.isArray(value)) return value.map((one) => eachText(one, isKept));
  if (typeof value !== 'object' || value === null || isKept(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, eachText(one, isKept)]));
}
