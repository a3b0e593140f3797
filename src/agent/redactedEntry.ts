/** An entry of a transcript as it may be written down: without secrets. Pure. */
import { dataOf } from '../domain/line';
import { redacted } from '../domain/secrets';
import { callsOf } from './calls';
import { type Entry, entrySchema } from './transcript';

/** The entry itself where it has no secret. Of an answer, says which calls are not whole any more: they cannot be made from what is left. */
export function redactedEntry(entry: Entry): Entry {
  const text = JSON.stringify(entry);
  const clean = redacted(text);
  if (clean === text) return entry;
  // Taken out of the whole, for a name beside a value may be what tells; where that leaves no entry, out of each text in it.
  const parsed = entrySchema.safeParse(dataOf(clean));
  const left = parsed.success ? parsed.data : entrySchema.parse(eachText(entry));
  if (entry.type !== 'answer' || left.type !== 'answer') return left;
  const calls = new Map(callsOf(left.content).map((call) => [call.id, JSON.stringify(call)]));
  return { ...left, redacted: callsOf(entry.content).flatMap((call) => (calls.get(call.id) === JSON.stringify(call) ? [] : [call.id])) };
}

function eachText(value: unknown): unknown {
  if (typeof value === 'string') return redacted(value);
  if (Array.isArray(value)) return value.map(eachText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, eachText(one)]));
}
