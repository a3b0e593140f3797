/** Accounts of a run, its tasks and their children: what may be spent, what is on its way, what is spent. */
import { budgetText } from '../../domain/budget';
import { fail, ok, type Result } from '../../domain/failure';
import { type Account, type AccountState, type Cap, type Cost, fits, pathOf, refusalText, shareOf, stateOf } from './account';

/** What is to be seen of an account, once for each cap that it is given. */
export interface BudgetEvent {
  /** Four fifths are spent; or a request was refused, so that nothing new is to start. */
  readonly kind: 'notice' | 'refused';
  readonly account: string;
  readonly state: AccountState;
}

/** What an account is opened with. */
export interface Opening {
  /** For a person: `the run`, `task “api”`. */
  readonly label: string;
  readonly cap: Cap;
  /** The account that it draws from as well; undefined for a run. */
  readonly parent: string | undefined;
  /** Whether the parent keeps so much for it, which nobody else can spend; else it takes what is there, up to its cap. */
  readonly isKept: boolean;
}

export type Reservation =
  | {
      readonly kind: 'reserved' /** Puts what it did cost in the place of the worst case; further calls do nothing. */;
      settle(cost: Cost): void;
    }
  /** It would be more than an account has, named by its id, whatever becomes of the requests on their way. */
  | { readonly kind: 'refused'; readonly account: string; readonly message: string };

export interface Accounts {
  /** Fails, and opens nothing, where a parent has not what it should keep. Opening one again changes its cap, and keeps what is spent. */
  open(id: string, opening: Opening): Result<void>;
  /** Gives back what its parent kept for it. What it spent stays in the accounts above. */
  close(id: string): void;
  /** Sets another cap: what waits goes on as far as it allows. */
  raise(id: string, cap: Cap): void;
  /** Adds what was spent elsewhere: on the plan, or before a restart. */
  charge(id: string, cost: Cost): void;
  /**
   * Reserves the worst case in an account and all above it. Waits, in turn, where it will fit if requests on their way cost less than their worst;
   * refuses where it cannot. Rejects with the signal's reason.
   */
  reserve(id: string, worst: Cost, signal: AbortSignal): Promise<Reservation>;
  /** Undefined where there is none of that id. */
  state(id: string): AccountState | undefined;
}

const NOTICE_AT = 0.8;

interface Waiter {
  readonly path: readonly Account[];
  readonly worst: Cost;
  readonly go: (reservation: Reservation) => void;
}

export function accounts(onEvent: (event: BudgetEvent) => void): Accounts {
  const open = new Map<string, Account>();
  const waiting = new Set<Waiter>();
  const tell = (kind: BudgetEvent['kind'], account: Account) => {
    if (account.told.has(kind)) return;
    account.told.add(kind);
    onEvent({ kind, account: account.id, state: stateOf(account) });
  };
  const spend = (path: readonly Account[], cost: Cost) => {
    for (const account of path) {
      const { usd, tokens, unpriced } = account.spent;
      const unknown = cost.usd === undefined ? cost.tokens : 0;
      account.spent = { usd: usd + (cost.usd ?? 0), tokens: tokens + cost.tokens, unpriced: unpriced + unknown };
      if (shareOf(account) >= NOTICE_AT) tell('notice', account);
    }
  };
  const hold = (path: readonly Account[], { usd = 0, tokens }: Cost, sign: 1 | -1) => {
    for (const { reserved } of path) {
      reserved.usd += sign * usd;
      reserved.tokens += sign * tokens;
    }
  };
  const reserved = (path: readonly Account[], worst: Cost): Reservation => {
    hold(path, worst, 1);
    let isSettled = false;
    return {
      kind: 'reserved',
      settle: (cost) => {
        if (isSettled) return;
        isSettled = true;
        hold(path, worst, -1);
        spend(path, cost);
        goOn();
      },
    };
  };
  const refused = (account: Account, worst: Cost): Reservation => {
    tell('refused', account);
    return { kind: 'refused', account: account.id, message: refusalText(account, worst) };
  };
  /** What can be said to a request now; undefined where it has to wait. */
  const decided = (path: readonly Account[], worst: Cost): Reservation | undefined => {
    const short = path.find((account, at) => !fits(account, path[at - 1], worst, 'best'));
    if (short !== undefined) return refused(short, worst);
    return path.every((account, at) => fits(account, path[at - 1], worst, 'worst')) ? reserved(path, worst) : undefined;
  };
  const goOn = () => {
    for (const waiter of waiting) {
      const reservation = decided(waiter.path, waiter.worst);
      if (reservation === undefined) continue;
      waiting.delete(waiter);
      waiter.go(reservation);
    }
  };
  const recap = (account: Account, cap: Cap) => {
    account.cap = cap;
    account.told.clear();
    goOn();
  };
  return {
    open: (id, { label, cap, parent: parentId, isKept }) => {
      const before = open.get(id);
      if (before !== undefined) {
        recap(before, cap);
        return ok();
      }
      const parent = parentId === undefined ? undefined : open.get(parentId);
      if (isKept && parent !== undefined) {
        const asked = { usd: cap.usd ?? 0, tokens: cap.tokens ?? 0 };
        const short = pathOf(parent).find((account, at, path) => !fits(account, path[at - 1], asked, 'worst'));
        if (short !== undefined) {
          return fail(
            'budget',
            `There is not enough in the budget of ${short.label} to keep ${budgetText(cap)} for ${label}.`,
            'Give it less, or raise the budget.',
          );
        }
      }
      const spent = { usd: 0, tokens: 0, unpriced: 0 };
      const account = { id, label, parent, kept: new Set<Account>(), cap, spent, reserved: { usd: 0, tokens: 0 }, told: new Set<never>() };
      open.set(id, account);
      if (isKept) parent?.kept.add(account);
      return ok();
    },
    close: (id) => {
      const account = open.get(id);
      if (account === undefined) return;
      open.delete(id);
      account.parent?.kept.delete(account);
      goOn();
    },
    raise: (id, cap) => {
      const account = open.get(id);
      if (account !== undefined) recap(account, cap);
    },
    charge: (id, cost) => spend(pathOf(open.get(id)), cost),
    reserve: async (id, worst, signal) => {
      signal.throwIfAborted();
      const path = pathOf(open.get(id));
      const reservation = decided(path, worst);
      if (reservation !== undefined) return reservation;
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting.delete(waiter);
          reject(signal.reason);
        };
        const waiter: Waiter = {
          path,
          worst,
          go: (decision) => {
            signal.removeEventListener('abort', leave);
            resolve(decision);
          },
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.add(waiter);
      });
    },
    state: (id) => {
      const account = open.get(id);
      return account === undefined ? undefined : stateOf(account);
    },
  };
}
