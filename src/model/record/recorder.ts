/** Records what a model answers, so that the run can be played again without it. */
import { thrownText } from '../../domain/failure';
import { redacted } from '../../domain/secrets';
import { askedOf, onward } from '../asked';
import type { Part } from '../fetch';
import { watched } from '../watched';
import { type Entry, type Fingerprint, fingerprintOf, HEAD } from './recording';
import { redactedAnswer } from './redactedStream';

export interface RecorderOptions {
  /** Takes the next line of the recording, its line end included. What it cannot write is its own to tell: the run goes on. */
  readonly write: (line: string) => void;
  /** Values that must not be in it, whatever they look like: the keys in use. */
  readonly secrets: readonly string[];
}

/** The headers of an answer without which it would not be the same. */
const KEPT = ['content-type', 'retry-after', 'retry-after-ms', 'x-should-retry'];

/**
 * Records each answer when it is through, byte for byte, unless a secret stands in it; with no header but those that it needs, and of the request
 * only a hash. An answer that nobody waited for to its end is not recorded. Right behind the budget it records what agents got, and none of the waiting.
 */
export function recorder({ write, secrets }: RecorderOptions): Part {
  let hasBegun = false;
  const put = (entry: Entry) => {
    if (!hasBegun) write(HEAD);
    hasBegun = true;
    write(`${JSON.stringify(entry)}\n`);
  };
  return (model) => async (request) => {
    const asked = await askedOf(request);
    const fingerprint = fingerprintOf(asked, secrets);
    let response: Response;
    try {
      response = await model(onward(request, asked));
    } catch (thrown) {
      if (!request.signal.aborted) put({ kind: 'none', asked: fingerprint, message: redacted(thrownText(thrown), secrets) });
      throw thrown;
    }
    const chunks: Uint8Array[] = [];
    return watched(response, request, {
      chunk: (bytes) => chunks.push(bytes),
      end: ({ kind }) => {
        if (kind !== 'left') put(answerOf(fingerprint, response, { chunks, isBroken: kind === 'broken', secrets }));
      },
    });
  };
}

function answerOf(
  asked: Fingerprint,
  { status, headers }: Response,
  { chunks, isBroken, secrets }: { chunks: readonly Uint8Array[]; isBroken: boolean; secrets: readonly string[] },
): Entry {
  const kept = KEPT.flatMap((name) => (headers.has(name) ? [[name, redacted(headers.get(name) ?? '', secrets)]] : []));
  const text = Buffer.concat(chunks).toString();
  const clean = redactedAnswer(text, secrets);
  const pieces = clean === text ? chunks.map(pieceOf) : [clean];
  return { kind: 'answer', asked, status, headers: Object.fromEntries(kept), pieces, isBroken, isRedacted: clean !== text };
}

/** A piece may end within a character. */
function pieceOf(chunk: Uint8Array): string | { base64: string } {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}
