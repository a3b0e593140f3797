/** How an agent has its host act for it: on its draft as it is, and what came of it is in the draft when it goes on. */
import type { Act, ActAnswer, ActRequest } from '../domain/act';
import { fail, ok, type Result } from '../domain/failure';
import type { Draft } from '../repo/draft/draft';

/** Asks the agent's host. Fails with what the agent is told. */
export type AskHost = (request: ActRequest) => Promise<Result<ActAnswer>>;

const NOT_KEPT = '[In your role you change no files: nothing of what the command changed is in your draft.]';

/** `ask`: undefined where there is no host that would act; `mayEdit`: whether what comes of it may change the draft. */
export function actor(draft: Draft, ask: AskHost | undefined, mayEdit: boolean): (call: string, act: Act) => Promise<Result<ActAnswer>> {
  return async (call, act) => {
    if (ask === undefined) return fail('input', 'That is not possible here.', 'Go on without it.');
    // What commands, servers and the editor look at, paths do not tell.
    if (act.kind !== 'question') draft.noteLook('', 'contents');
    const now = await draft.now();
    if (!now.ok) return now;
    const answer = await ask({ call, draft: now.value.changes.length === 0 ? null : now.value.commit, act });
    if (!answer.ok || answer.value.draft === undefined) return answer;
    // Whoever may not change files may not have a command do it.
    if (!mayEdit) return ok({ ...answer.value, text: `${answer.value.text}\n${NOT_KEPT}` });
    const adopted = await draft.adopt(answer.value.draft, []);
    return adopted.ok ? answer : adopted;
  };
}
