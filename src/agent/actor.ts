/** How an agent has its host act for it: on its draft as it is, and what came of it is in the draft when it goes on. */
import type { Act, ActAnswer, ActRequest } from '../domain/act';
import { fail, type Result } from '../domain/failure';
import type { Draft } from '../repo/draft/draft';

/** Asks the agent's host. Fails with what the agent is told. */
export type AskHost = (request: ActRequest) => Promise<Result<ActAnswer>>;

/** `ask`: undefined where there is no host that would act. */
export function actor(draft: Draft, ask: AskHost | undefined): (call: string, act: Act) => Promise<Result<ActAnswer>> {
  return async (call, act) => {
    if (ask === undefined) return fail('input', 'That is not possible here.', 'Go on without it.');
    const now = await draft.now();
    if (!now.ok) return now;
    const answer = await ask({ call, draft: now.value.changes.length === 0 ? null : now.value.commit, act });
    if (!answer.ok || answer.value.draft === undefined) return answer;
    const adopted = await draft.adopt(answer.value.draft, []);
    return adopted.ok ? answer : adopted;
  };
}
