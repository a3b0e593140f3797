/** Reads off an answer, as it goes by, what it cost in tokens. */
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';
import { reportedTokens, type Usage } from '../../domain/usage';

const usageSchema = z.object({
  input_tokens: reportedTokens,
  output_tokens: reportedTokens,
  cache_read_input_tokens: reportedTokens,
  cache_creation_input_tokens: reportedTokens,
});
type Reported = z.infer<typeof usageSchema>;

const messageSchema = z.object({ model: z.string().optional().catch(undefined), usage: usageSchema.nullish() });
const eventSchema = z.union([
  z.object({ type: z.literal('message_start'), message: messageSchema }),
  z.object({ type: z.literal('message_delta'), usage: usageSchema.nullish() }),
]);

/** A token is about so many bytes of an answer that does not say its own. */
const BYTES_A_TOKEN = 4;

export interface Meter {
  see(bytes: Uint8Array): void;
  /** What it has come to, and the model that answered, where it is told. What is not reported is estimated by what went by. */
  read(): { readonly usage: Usage; readonly model: string | undefined };
}

/** `requestBytes` stand for the input where the answer does not say it. */
export function meter(contentType: string | null, requestBytes: number): Meter {
  const decoder = new StringDecoder();
  const isStream = contentType?.startsWith('text/event-stream') === true;
  let size = 0;
  let left = '';
  let model: string | undefined;
  let reported: Reported | undefined;
  let isFinal = false;
  const report = (usage: Reported | null | undefined) => {
    for (const [name, value] of Object.entries(usage ?? {})) {
      // Each says it all anew; what it does not say stays.
      if (typeof value === 'number') reported = { ...reported, [name]: value } as Reported;
    }
  };
  const readLine = (line: string) => {
    if (!line.startsWith('data:') || !/"(message_start|message_delta)"/.test(line)) return;
    const event = eventSchema.safeParse(parsed(line.slice(5)));
    if (!event.success) return;
    if (event.data.type === 'message_start') {
      model = event.data.message.model;
      report(event.data.message.usage);
    } else {
      report(event.data.usage);
      isFinal = true;
    }
  };
  return {
    see: (bytes) => {
      size += bytes.length;
      left += decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      if (!isStream) return;
      const lines = left.split('\n');
      left = lines.pop() ?? '';
      lines.forEach(readLine);
    },
    read: () => {
      if (!isStream) {
        const message = messageSchema.safeParse(parsed(left));
        if (message.success) {
          model = message.data.model;
          report(message.data.usage);
          isFinal = true;
        }
      }
      const written = Math.ceil(size / BYTES_A_TOKEN);
      const output = reported?.output_tokens ?? undefined;
      return {
        model,
        usage: {
          input: reported?.input_tokens ?? (reported === undefined ? Math.ceil(requestBytes / BYTES_A_TOKEN) : 0),
          cacheRead: reported?.cache_read_input_tokens ?? 0,
          cacheWrite: reported?.cache_creation_input_tokens ?? 0,
          // At its begin a stream does not know yet what it will come to.
          output: isFinal && output !== undefined ? output : Math.max(output ?? 0, written),
        },
      };
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
