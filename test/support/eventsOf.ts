/** What a run tells that a process of its own drives. */
import type { Readable } from 'node:stream';
import { parseEvent, type RunEvent } from '../../src/domain/event';

/** The events that a run has printed so far, and those to come. */
export function eventsOf(child: { readonly stdout: Readable }) {
  const seen: RunEvent[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    seen.push(...lines.flatMap((line) => parseEvent(line) ?? []));
    for (const look of [...waiting]) look();
  });
  const next = <Type extends RunEvent['type']>(type: Type) => nth(type, 1);
  const nth = <Type extends RunEvent['type']>(type: Type, many: number) =>
    new Promise<Extract<RunEvent, { type: Type }>>((resolve) => {
      const look = () => {
        const found = seen.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type)[many - 1];
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { seen, next, nth };
}
