/** Calls by which agents ask for children. */
import type { TaskId } from '../../src/domain/plan';
import { type Child, childSchema } from '../../src/domain/spawn';

/** A call by which an agent asked for children; after a crash it is made again. */
export interface Call {
  readonly call: string;
  readonly draft: null;
  readonly children: Child[];
}

/** `pick`: a number below another. */
export function anyCall(id: TaskId, pick: (below: number) => number): Call {
  const names = Array.from({ length: 1 + pick(3) }, (_, at) => `p${at}`);
  const children = names.map((name, at) =>
    childSchema.parse({
      name,
      title: name,
      instructions: `Do ${name} for ${id}.`,
      dependsOn: names.slice(0, at).filter(() => pick(3) === 0),
    }),
  );
  // A server may give each of an agent's calls the same id.
  return { call: `c${pick(2)}`, draft: null, children };
}
