/** Keeps what is asked within budgets: reserves the worst case of each request before it is sent, and settles what it did cost. */
import type { OwnPrices } from '../../domain/prices';
import { costOf, totalTokens } from '../../domain/usage';
import { type About, aboutOf } from '../about';
import { type Asked, askedOf, onward } from '../asked';
import type { Part } from '../fetch';
import { BUDGET_GONE, errorResponse } from '../messages';
import { watched } from '../watched';
import type { Cost } from './account';
import type { Accounts } from './accounts';
import { meter } from './meter';
import { worstCase } from './worstCase';

export interface BudgetOptions {
  readonly accounts: Accounts;
  readonly prices: OwnPrices;
  /** Models that may answer in the place of the one that is asked. */
  readonly fallbacks: readonly string[];
}

/** The account of a task; without one, of a run. */
export function accountId(run: string, task?: string): string {
  return task === undefined ? run : `${run}/${task}`;
}

/**
 * A request is paid from the account of its task, or, where that has none, of its run; one of neither is not counted. It waits while others on their
 * way hold what it needs. What no account allows gets a 402 of type {@link BUDGET_GONE}, which says whose budget it is, and is not sent.
 * Where a model's price is not known, its tokens are counted, and limited, all the same. Belongs before the rate gate: what waits there is reserved.
 * A try that brought no answer is not counted, for nobody tells what it cost.
 */
export function budget({ accounts, prices, fallbacks }: BudgetOptions): Part {
  return (model) => async (request) => {
    const asked = await askedOf(request);
    const account = accountOf(aboutOf(request), accounts);
    if (account === undefined) return model(onward(request, asked));
    const reservation = await accounts.reserve(account, worstCase(asked, { prices, fallbacks }), request.signal);
    if (reservation.kind === 'refused') return errorResponse(402, BUDGET_GONE, reservation.message, { 'x-should-retry': 'false' });
    let response: Response;
    try {
      response = await model(onward(request, asked));
    } catch (thrown) {
      reservation.settle(NOTHING);
      throw thrown;
    }
    if (!response.ok) {
      reservation.settle(NOTHING);
      return response;
    }
    const { see, read } = meter(response.headers.get('content-type'), asked.bytes.length);
    return watched(response, request, { chunk: see, end: () => reservation.settle(costRead(read(), asked, prices)) });
  };
}

const NOTHING: Cost = { usd: 0, tokens: 0 };

function accountOf({ run, task }: About, accounts: Accounts): string | undefined {
  if (run === undefined) return undefined;
  return [accountId(run, task), accountId(run)].find((id) => accounts.state(id) !== undefined);
}

/** Some servers call a model by another name in the answer, which has no price. */
function costRead({ usage, model }: ReturnType<ReturnType<typeof meter>['read']>, { content }: Asked, prices: OwnPrices): Cost {
  const byName = (name: string | undefined) => (name === undefined ? undefined : costOf(usage, name, prices));
  return { usd: byName(model) ?? byName(content.model), tokens: totalTokens(usage) };
}
