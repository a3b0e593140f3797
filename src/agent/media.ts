/** Pictures and documents among what a tool answers: what they are by their bytes, and how a model is given them. Pure. */
import type { BetaContentBlockParam, BetaMessageParam, BetaToolResultBlockParam } from '@anthropic-ai/sdk/resources/beta/messages';
import { counted } from '../domain/figures';
import type { Takes } from '../model/takes';

const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
type ImageType = (typeof IMAGE_TYPES)[number];

export type Media =
  | { readonly kind: 'image'; readonly mediaType: ImageType; readonly base64: string }
  | { readonly kind: 'document'; readonly mediaType: 'application/pdf'; readonly base64: string };

/** What a tool answers. */
export interface Answer {
  readonly text: string;
  readonly media: readonly Media[];
}

/** The most that the API takes of one image, in base64, and so much of one document that there is room for others. */
const MAX_BASE64: Readonly<Record<Media['kind'], number>> = { image: 5 * 1024 * 1024, document: 12 * 1024 * 1024 };
/** In one conversation: every request sends all of it again, and may have 32 MB. Of more than twenty images the API takes smaller ones only. */
const MAX_COUNT = 20;
const MAX_ALL_BASE64 = 20 * 1024 * 1024;

/** What bytes are that a model may look at, whatever their file is called; undefined for all others. */
export function mediaOf(bytes: Buffer): Media | undefined {
  if (bytes.subarray(0, 5).toString('latin1') === '%PDF-')
    return { kind: 'document', mediaType: 'application/pdf', base64: bytes.toString('base64') };
  const mediaType = imageTypeOf(bytes);
  return mediaType && { kind: 'image', mediaType, base64: bytes.toString('base64') };
}

function imageTypeOf(bytes: Buffer): ImageType | undefined {
  const head = bytes.subarray(0, 12).toString('latin1');
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(head)) return 'image/gif';
  return head.startsWith('RIFF') && head.endsWith('WEBP') ? 'image/webp' : undefined;
}

/** How much of a conversation are images and documents. */
export interface MediaLoad {
  readonly count: number;
  readonly base64: number;
}

/** What a call's result says: the text, and of the media what the model takes and the conversation has room for; of the rest, why not. */
export function shown({ text, media }: Answer, takes: Takes, load: MediaLoad): { readonly content: Content; readonly none: boolean } {
  const taken: Media[] = [];
  const said = text === '' ? [] : [text];
  let { count, base64 } = load;
  for (const one of media) {
    const why = reasonAgainst(one, takes, { count, base64 });
    if (why === undefined) {
      taken.push(one);
      count += 1;
      base64 += one.base64.length;
    } else if (!said.includes(why)) said.push(why);
  }
  const none = media.length > 0 && taken.length === 0 && text === '';
  if (taken.length === 0) return { content: said.join('\n'), none };
  return { content: [...said.map((one) => ({ type: 'text' as const, text: one })), ...taken.map(blockOf)], none };
}

type Content = NonNullable<BetaToolResultBlockParam['content']>;

function reasonAgainst(one: Media, takes: Takes, load: MediaLoad): string | undefined {
  const isImage = one.kind === 'image';
  const what = isImage ? 'image' : 'PDF';
  if (!(isImage ? takes.images : takes.documents))
    return `You cannot be shown this ${what}: the model that you run on is not known to take ${what}s. Go on without it, and say so in your summary if it matters.`;
  const most = MAX_BASE64[one.kind];
  if (one.base64.length > most) {
    const [is, may] = [one.base64.length, most].map((length) => `${((length * 3) / 4 / 1e6).toFixed(1)} MB`);
    return `You cannot be shown this ${what}: it has ${is}, and at most ${may} can be sent. Go on without it, and say so in your summary if it matters.`;
  }
  if (load.count < MAX_COUNT && load.base64 + one.base64.length <= MAX_ALL_BASE64) return undefined;
  return `You cannot be shown this ${what}: this conversation holds ${counted(load.count, 'image or PDF', 'images and PDFs')} already, and no more fit in. Go on with what you have seen.`;
}

function blockOf({ kind, mediaType, base64 }: Media) {
  const source = { type: 'base64' as const, data: base64 };
  return kind === 'image'
    ? { type: kind, source: { ...source, media_type: mediaType } }
    : { type: kind, source: { ...source, media_type: mediaType } };
}

/** Whether a block is an image or a document as {@link shown} makes them. */
export function isMedia(block: object): boolean {
  return 'type' in block && (block.type === 'image' || block.type === 'document');
}

export function loadOf(blocks: readonly BetaContentBlockParam[]): MediaLoad {
  const lengths = blocks.flatMap((block) => {
    if (block.type !== 'tool_result' || block.content === undefined || typeof block.content === 'string') return [];
    return block.content.flatMap((part) =>
      (part.type === 'image' || part.type === 'document') && part.source.type === 'base64' ? [part.source.data.length] : [],
    );
  });
  return { count: lengths.length, base64: lengths.reduce((sum, length) => sum + length, 0) };
}

/** A message with words in the place of images and documents: the server refused one of them. */
export function withoutMedia(message: BetaMessageParam): BetaMessageParam {
  if (message.role === 'system' || typeof message.content === 'string') return message;
  return { ...message, content: message.content.map(blockWithout) };
}

function blockWithout(block: BetaContentBlockParam): BetaContentBlockParam {
  if (block.type !== 'tool_result' || block.content === undefined || typeof block.content === 'string') return block;
  if (!block.content.some(isMedia)) return block;
  const text = 'The model’s server did not take this image or document. Go on without it, and say so in your summary if it matters.';
  return { ...block, content: block.content.map((part) => (isMedia(part) ? { type: 'text', text } : part)) };
}
