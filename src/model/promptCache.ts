/** Counts tokens and prompt-cache hits of requests as the Messages API does, from the text alone. */
import { createHash } from 'node:crypto';
import type { MessagesRequest } from './messages';

/** How many blocks before a breakpoint the API looks for a prefix that it has cached. */
const LOOKBACK = 20;

/** Tokens of a request's input. Their sum is the whole input. */
export interface InputTokens {
  readonly input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
}

/** A block of the prompt, in the order in which the cache sees them: tools, system, messages. */
interface Block {
  readonly text: string;
  readonly breakpoint: boolean;
}

/** A prefix of the prompt: its tokens, and a hash that stands for its text. */
interface Prefix {
  readonly tokens: number;
  readonly hash: string;
}

/** Tokens of a text: a quarter of its characters, rounded up. Near enough for a script; no tokenizer. */
export function tokensOf(characters: number): number {
  return Math.ceil(characters / 4);
}

/** A request that was counted. */
export interface Counted {
  readonly tokens: InputTokens;
  /** To be called when its answer begins: only then can others read what it wrote to the cache. */
  readonly begun: () => void;
}

/**
 * A prompt cache: call what it returns once for each request. The longest prefix that ended at a breakpoint of an earlier
 * request, whose answer had begun, is read; what follows up to the last breakpoint is written. Prefixes of any length are kept, and never expire.
 */
export function promptCache(): (request: MessagesRequest) => Counted {
  const seen = new Set<string>();
  return (request) => {
    const blocks = blocksOf(request);
    const prefixes = prefixesOf(request.model, blocks);
    const breakpoints = blocks.flatMap((block, index) => (block.breakpoint ? [index] : []));
    const readable = prefixes.filter(
      (prefix, index) => seen.has(prefix.hash) && breakpoints.some((at) => index <= at && index > at - LOOKBACK),
    );
    const read = readable.at(-1)?.tokens ?? 0;
    const cached = prefixes[breakpoints.at(-1) ?? -1]?.tokens ?? 0;
    return {
      tokens: {
        input_tokens: (prefixes.at(-1)?.tokens ?? 0) - cached,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: cached - read,
      },
      begun: () => {
        for (const at of breakpoints) seen.add(prefixes[at]?.hash ?? '');
      },
    };
  };
}

function blocksOf(request: MessagesRequest): Block[] {
  const contents = (from: string, content: string | readonly object[] | undefined): Block[] =>
    typeof content === 'string' ? [blockOf(from, { type: 'text', text: content })] : (content ?? []).map((part) => blockOf(from, part));
  const blocks = [
    ...(request.tools ?? []).map((tool) => blockOf('tool', tool)),
    ...contents('system', request.system),
    ...request.messages.flatMap((message) => contents(message.role, message.content)),
  ];
  // A cache_control on the request itself marks its last block.
  return request.cache_control
    ? blocks.map((block, index) => (index === blocks.length - 1 ? { ...block, breakpoint: true } : block))
    : blocks;
}

/** The mark is no part of the text: a breakpoint that moves on leaves the prefix as it was. */
function blockOf(from: string, part: object): Block {
  const { cache_control: mark, ...rest }: { cache_control?: unknown } = part;
  return { text: JSON.stringify([from, rest]), breakpoint: mark !== undefined && mark !== null };
}

/** One prefix for each block, ending with it. Another model has another cache. */
function prefixesOf(model: string, blocks: readonly Block[]): Prefix[] {
  let hash = model;
  let characters = 0;
  return blocks.map((block) => {
    hash = createHash('sha256').update(hash).update('\n').update(block.text).digest('hex');
    characters += block.text.length;
    return { tokens: tokensOf(characters), hash };
  });
}
