/** Takes secrets out of a recorded answer, those included that a stream brings in pieces. */
import * as z from 'zod';
import { REDACTED, redacted, secretSpans } from '../../domain/secrets';

const deltaSchema = z.looseObject({
  type: z.literal('content_block_delta'),
  index: z.number(),
  delta: z.looseObject({ text: z.string().optional(), partial_json: z.string().optional(), thinking: z.string().optional() }),
});
type Delta = z.infer<typeof deltaSchema>;

const FIELDS = ['text', 'partial_json', 'thinking'] as const;

/** One piece of a text that a stream brings: the line that it stands in, and what it says. */
interface Piece {
  readonly line: number;
  readonly event: Delta;
  readonly field: (typeof FIELDS)[number];
  readonly text: string;
}

/** An answer, streamed or whole, without its secrets. It is the same text where it has none. */
export function redactedAnswer(answer: string, secrets: readonly string[]): string {
  const lines = answer.split('\n');
  for (const pieces of texts(lines)) {
    const spans = secretSpans(pieces.map(({ text }) => text).join(''), secrets);
    if (spans.length === 0) continue;
    let at = 0;
    for (const { line, event, field, text } of pieces) {
      const from = at;
      at += text.length;
      const touching = spans.filter(({ start, end }) => start < at && end > from);
      if (touching.length === 0) continue;
      // The mark stands where the secret began; what other pieces have of it is gone.
      let clean = '';
      let kept = from;
      for (const { start, end } of touching) {
        clean += text.slice(kept - from, Math.max(0, start - from)) + (start >= from ? REDACTED : '');
        kept = Math.min(end, at);
      }
      const said = { ...event, delta: { ...event.delta, [field]: clean + text.slice(kept - from) } };
      lines[line] = `data: ${JSON.stringify(said)}`;
    }
  }
  return redacted(lines.join('\n'), secrets);
}

/** The texts of a stream, each as its pieces in order. */
function texts(lines: readonly string[]): Iterable<Piece[]> {
  const byBlock = new Map<string, Piece[]>();
  for (const [line, text] of lines.entries()) {
    if (!text.startsWith('data:') || !text.includes('content_block_delta')) continue;
    const event = deltaOf(text.slice(5));
    if (event === undefined) continue;
    for (const field of FIELDS) {
      const said = event.delta[field];
      if (said === undefined) continue;
      const key = `${event.index} ${field}`;
      const pieces = byBlock.get(key) ?? [];
      byBlock.set(key, pieces);
      pieces.push({ line, event, field, text: said });
    }
  }
  return byBlock.values();
}

function deltaOf(data: string): Delta | undefined {
  try {
    return deltaSchema.safeParse(JSON.parse(data)).data;
  } catch (thrown) {
    // It is not of the protocol; as a text it is looked through all the same.
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
