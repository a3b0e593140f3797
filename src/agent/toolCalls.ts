/** Tools as the model is told of them, and the calls that it makes. */
import type { BetaContentBlockParam, BetaTool } from '@anthropic-ai/sdk/resources/beta/messages';
import type { Act } from '../domain/act';
import { failureText } from '../domain/failure';
import type { AgentRole } from '../domain/role';
import type { Takes } from '../model/takes';
import type { Call } from './calls';
import { type MediaLoad, shown } from './media';
import { refusal } from './roles/rights';
import type { Desk, Tool } from './tools/tool';

/** A desk, but for the call that is made at it. */
type Place = Omit<Desk, 'call' | 'act'> & { readonly actFor: (call: string, act: Act) => ReturnType<Desk['act']> };

export function toldTools(tools: readonly Tool[]): BetaTool[] {
  return tools.map(({ name, description, inputSchema }) => ({ type: 'custom', name, description, input_schema: inputSchema }));
}

/** What a call does, in a few words for a person. */
export function stepOf(tools: readonly Tool[], call: Pick<Call, 'name' | 'input'>): string {
  return tools.find((tool) => tool.name === call.name)?.step(call.input) ?? `Calling ${call.name}`;
}

/** What a call is made with. */
export interface Making {
  readonly tools: readonly Tool[];
  /** Whose call it is: what its role does not have is refused. */
  readonly role: AgentRole;
  readonly desk: Place;
  /** What the model takes beside text, and what its conversation holds of that. */
  readonly takes: Takes;
  readonly load: MediaLoad;
}

/** Makes a call; what the model is told of it. */
export async function make(
  { id, name, input }: Call,
  { tools, role, desk: { actFor, ...desk }, takes, load }: Making,
): Promise<BetaContentBlockParam> {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) {
    const names = tools.map((one) => one.name);
    return failed(id, `There is no tool “${name}”. Use one of these: ${names.join(', ')}.`);
  }
  const refused = refusal(role, tool);
  if (refused !== undefined) return failed(id, refused);
  const answer = await tool.call(input, { ...desk, call: id, act: (act) => actFor(id, act) });
  if (!answer.ok) return failed(id, failureText(answer.failure));
  const { content, none } = shown(answer.value, takes, load);
  return { type: 'tool_result', tool_use_id: id, content, ...(none ? { is_error: true } : {}) };
}

/** The result of a call of a turn that did not come whole. */
export function notMade(id: string): BetaContentBlockParam {
  return failed(id, 'This call was not made.');
}

/** The result of a call whose input was lost, in a crash, to what keeps secrets out of transcripts. */
export function notKept(id: string): BetaContentBlockParam {
  return failed(
    id,
    'This call was not made: Weft was cut off before it, and its input, which had a secret in it, was not kept. Make it again.',
  );
}

export function isError(block: BetaContentBlockParam): boolean {
  return block.type === 'tool_result' && block.is_error === true;
}

function failed(id: string, content: string): BetaContentBlockParam {
  return { type: 'tool_result', tool_use_id: id, is_error: true, content };
}
