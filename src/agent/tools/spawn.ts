/** spawn: has other agents do parts of the task, and waits for them. */
import * as z from 'zod';
import { never, ok } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { type ChildEnd, childSchema, type Joint, type Spawned } from '../../domain/spawn';
import { undecided } from '../files';
import { tool } from './tool';

/** Most characters of what a child says of itself. */
const MAX_TEXT = 4_000;

export const spawn = tool({
  name: 'spawn',
  description:
    'Has other agents do parts of your task, side by side, and waits until all of them are over. Each works on a copy of your draft as it is now; what they change is then in your draft. You get what each of them says of its work.',
  writes: true,
  input: z.object({ parts: z.array(childSchema).min(1).describe('The parts, each for an agent of its own.') }),
  step: ({ parts }) => (parts.length === 1 ? `Waiting for “${parts[0]?.title}”` : `Waiting for ${parts.length} parts`),
  async run({ parts }, desk) {
    const spawned = await desk.spawn(desk.call, parts);
    return spawned.ok ? ok(answer(spawned.value, undecided(desk.draft))) : spawned;
  },
});

/** `open`: files that still have markers; a later part may have decided what was between the ones before it. */
function answer({ children }: Spawned, open: readonly string[]): string {
  const joined = children.filter(({ end }) => end === 'joined');
  const parts = [
    `${joined.length} of ${counted(children.length, 'part is', 'parts are')} done, and what ${children.length === 1 ? 'it' : 'they'} changed is in your draft now.`,
  ];
  for (const child of children) parts.push(childText(child, open));
  if (joined.length < children.length)
    parts.push(
      'Nothing of the parts that are not done is in your draft: do them yourself, spawn them again with other instructions, or say in your summary that they are missing.',
    );
  if (open.length > 0 || children.some(({ conflicts }) => conflicts.some(({ beside }) => beside !== undefined)))
    parts.push(
      'Decide the files in conflict before you call finish: it is refused as long as one of their markers, or a version beside a file, is left.',
    );
  return parts.join('\n\n');
}

function childText({ name, title, end, text, conflicts }: ChildEnd, open: readonly string[]): string {
  const said = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  const lines = [`${name} (“${title}”): ${END_WORDS[end]}.`, said];
  if (conflicts.length > 0)
    lines.push(
      'In conflict with what your draft had by then:',
      ...conflicts.map((one) => `- ${one.path}: ${jointText(one, title, open.includes(one.path))}`),
    );
  return lines.join('\n');
}

const END_WORDS: Readonly<Record<ChildEnd['end'], string>> = {
  joined: 'done',
  failed: 'failed',
  stopped: 'stopped',
  doomed: 'not started',
};

/** What stands in a file, and how to decide it. */
function jointText({ path, stands, beside }: Joint, title: string, isOpen: boolean): string {
  switch (stands) {
    case 'both':
      return isOpen
        ? 'both versions stand in it, between lines that begin with <<<<<<<, ======= and >>>>>>>. Edit it to what it should be, without these lines.'
        : 'both changed the same lines, and a later part has decided what stands there.';
    case 'draft':
      return beside === undefined
        ? `the two cannot be merged. It stands as in your draft, without what “${title}” did to it: say so in your summary.`
        : `the two cannot be merged. It stands as in your draft; what “${title}” made of it is beside it, as ${beside}. Choose: to take that one, delete ${path} and move ${beside} there; else delete ${beside}. Say in your summary which you kept.`;
    case 'childDeleted':
      return `“${title}” deleted it, and your draft had changed it. It stands as in your draft: delete it if it should go.`;
    case 'draftDeleted':
      return `“${title}” changed it, and your draft no longer had it. It stands as “${title}” left it: delete it if it should go.`;
    case 'renamed':
      return 'one of the two put it here, and the other elsewhere or as something else. Keep what is right, and delete the rest.';
    case 'nothing':
      return 'both renamed it, so nothing stands here any more.';
    default:
      return never(stands);
  }
}
