/** What a tool of a server answered, as an agent is told it: its text within limits, its images apart, and of the rest that it is there. Pure. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { ActAnswer } from '../../domain/act';
import { counted } from '../../domain/figures';

/** Most characters of one answer: three quarters from its beginning, the rest from its end. */
const MAX_TEXT = 60_000;
const MAX_IMAGES = 10;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

type Block = CallToolResult['content'][number];
type Image = NonNullable<ActAnswer['images']>[number];

export function answerOf({ content, structuredContent, isError = false }: CallToolResult): ActAnswer {
  const texts: string[] = [];
  const images: Image[] = [];
  for (const block of content) {
    const told = toldOf(block);
    if (typeof told === 'string') texts.push(told);
    else if (images.length < MAX_IMAGES) images.push(told);
    else texts.push(`[Another ${told.mediaType}, left out.]`);
  }
  // Servers that are up to date say it as text, too.
  if (structuredContent !== undefined && texts.join('').trim() === '') texts.push(JSON.stringify(structuredContent, null, 2));
  const text = shortened(texts.join('\n'));
  const said = text === '' && images.length === 0 ? '[It answered nothing.]' : text;
  return { text: said, isError, ...(images.length === 0 ? {} : { images }) };
}

function toldOf(block: Block): string | Image {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
      return imageOf(block.mimeType, block.data) ?? `[A ${block.mimeType} that cannot be read.]`;
    case 'audio':
      return `[A sound (${block.mimeType}), which you cannot hear.]`;
    case 'resource_link':
      return `[${block.name}: ${block.uri}${block.description === undefined ? '' : ` (${block.description})`}]`;
    case 'resource': {
      const { resource } = block;
      if ('text' in resource) return `[${resource.uri}]\n${resource.text}`;
      const { mimeType = 'of an unknown kind', blob } = resource;
      const seen = /^image\/|^application\/pdf$/.test(mimeType) ? imageOf(mimeType, blob) : undefined;
      return seen ?? `[${resource.uri}: ${counted(Math.floor((blob.length * 3) / 4), 'byte')}, ${mimeType}, left out.]`;
    }
  }
}

function imageOf(mediaType: string, base64: string): Image | undefined {
  return BASE64.test(base64) ? { mediaType, base64 } : undefined;
}

function shortened(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const head = Math.floor((MAX_TEXT * 3) / 4);
  const left = text.length - MAX_TEXT;
  return `${text.slice(0, head)}\n… ${counted(left, 'character is', 'characters are')} left out here: ask for less at a time …\n${text.slice(head + left)}`;
}
