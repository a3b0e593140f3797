/** A model that plays a recording: the same requests get the same answers, byte for byte, without any network. */
import { aboutOf } from '../about';
import { askedOf } from '../asked';
import type { ModelFetch } from '../fetch';
import { errorResponse } from '../messages';
import { type Entry, type Fingerprint, fingerprintOf } from './recording';

/**
 * Plays a recording. A request that was sent several times gets its answers in their order, and from then on the last one. What the recording
 * lacks is answered with a 400 that says in what the nearest request of it differs. `secrets` are those of {@link recorder}.
 */
export function replayer(entries: readonly Entry[], secrets: readonly string[] = []): ModelFetch {
  const answers = new Map<string, Entry[]>();
  for (const entry of entries) answers.set(entry.asked.all, [...(answers.get(entry.asked.all) ?? []), entry]);
  return async (request) => {
    const asked = fingerprintOf(await askedOf(request), secrets);
    request.signal.throwIfAborted();
    const known = answers.get(asked.all);
    const entry = known !== undefined && known.length > 1 ? known.shift() : known?.[0];
    if (entry === undefined) {
      const { task } = aboutOf(request);
      const who = task === undefined ? 'a request' : `a request of task “${task}”`;
      const message = `The recording has no answer to ${who}: ${differenceOf(asked, entries)}.`;
      return errorResponse(400, 'invalid_request_error', message, { 'x-should-retry': 'false' });
    }
    if (entry.kind === 'none') throw new Error(entry.message);
    return new Response(streamOf(entry, request), { status: entry.status, headers: entry.headers });
  };
}

/** One piece each time that somebody reads; the request is held, for Node drops the link to the signal of one that is collected. */
function streamOf({ pieces, isBroken }: Extract<Entry, { kind: 'answer' }>, request: Request): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      request.signal.throwIfAborted();
      const piece = pieces[next];
      next += 1;
      if (piece !== undefined) controller.enqueue(typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.base64, 'base64'));
      else if (isBroken) controller.error(new Error('The recorded answer broke off here.'));
      else controller.close();
    },
  });
}

function differenceOf(asked: Fingerprint, entries: readonly Entry[]): string {
  const differing = entries.map((entry) => {
    const names = new Set([...Object.keys(asked.parts), ...Object.keys(entry.asked.parts)]);
    return [...names].filter((name) => asked.parts[name] !== entry.asked.parts[name]);
  });
  const nearest = differing.sort((a, b) => a.length - b.length)[0];
  return nearest === undefined ? 'it is empty' : `the nearest one differs in ${nearest.join(', ')}`;
}
