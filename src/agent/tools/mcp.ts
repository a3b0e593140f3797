/** Tools of servers of the Model Context Protocol, under names that the Messages API takes. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Offers } from '../../domain/act';
import { fail, ok } from '../../domain/failure';
import { mediaOf } from '../media';
import type { Tool } from './tool';

/** As the API wants names. */
const MAX_NAME = 64;

type McpOffer = Offers['mcp'][number];

const inputSchema = z.record(z.string(), z.unknown());

/** Each with a name of its own, `mcp__server__tool`, which is the same in every run. */
export function mcpTools(offers: readonly McpOffer[]): Tool[] {
  const wished = offers.map(plainName);
  return offers.map((offer, at) => {
    const name = wished[at] ?? '';
    const isAlone = name.length <= MAX_NAME && wished.filter((one) => one === name).length === 1;
    return toolOf(offer, isAlone ? name : marked(name, offer));
  });
}

function plainName({ server, tool }: McpOffer): string {
  return ['mcp', server, tool].map((part) => part.replaceAll(/[^A-Za-z0-9_-]/g, '_')).join('__');
}

/** What is too long, or another's too, is told apart by what it stands for. */
function marked(name: string, { server, tool }: McpOffer): string {
  const mark = createHash('sha256').update(`${server}\n${tool}`).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_NAME - mark.length - 1)}_${mark}`;
}

function toolOf({ server, tool, description, inputSchema: schema }: McpOffer, name: string): Tool {
  return {
    name,
    description: `Of the server “${server}”. ${description}`.trim(),
    writes: false,
    inputSchema: { ...schema, type: 'object' },
    // As of commands: that it is asked says who asks it.
    step: () => `Wants to ask ${server}: ${tool}`,
    async call(raw, desk) {
      const input = inputSchema.safeParse(raw ?? {});
      if (!input.success) return fail('input', `The input of ${name} is no object.`, 'Call it again with an input that fits its schema.');
      const answer = await desk.act({ kind: 'mcp', server, tool, input: input.data });
      if (!answer.ok) return answer;
      const { text, isError, images = [] } = answer.value;
      if (isError) return fail('input', text);
      return ok({ text, media: images.flatMap(({ base64 }) => mediaOf(Buffer.from(base64, 'base64')) ?? []) });
    },
  };
}
