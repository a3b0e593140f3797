/** One account: what it may spend, and whether a request fits in it. Pure. */
import { budgetText } from '../../domain/budget';

/** Dollars are undefined where the price is not known. */
export interface Cost {
  readonly usd: number | undefined;
  readonly tokens: number;
}

/** Undefined: no limit. */
export interface Cap {
  readonly usd: number | undefined;
  readonly tokens: number | undefined;
}

export interface AccountState {
  readonly cap: Cap;
  /** Settled, children included. */
  readonly spent: Spent;
  /** The worst case of the requests on their way, children's included. */
  readonly reserved: { readonly usd: number; readonly tokens: number };
}

export interface Spent {
  /** Of what has a known price. */
  readonly usd: number;
  readonly tokens: number;
  /** How many of the tokens are of an unknown price: where there are any, the cost is unknown too. */
  readonly unpriced: number;
}

/** Dollars are fractions: sums of them miss by a little. */
const LITTLE = 1e-9;

export interface Account {
  readonly id: string;
  readonly label: string;
  readonly parent: Account | undefined;
  readonly kept: Set<Account>;
  cap: Cap;
  spent: Spent;
  reserved: { usd: number; tokens: number };
  /** What was told of it since it has this cap. */
  readonly told: Set<'notice' | 'refused'>;
}

/** An account and all above it, itself first. */
export function pathOf(account: Account | undefined): Account[] {
  return account === undefined ? [] : [account, ...pathOf(account.parent)];
}

export function stateOf({ cap, spent, reserved }: Account): AccountState {
  return { cap, spent, reserved: { ...reserved } };
}

/**
 * Whether an account has room for a request that comes through `child` (undefined: its own). At the worst, all requests on their way
 * cost what is reserved for them; at best, nothing. What is kept for other children is not there in either case.
 */
export function fits(account: Account, child: Account | undefined, worst: Cost, how: 'worst' | 'best'): boolean {
  const others = [...account.kept].filter((kept) => kept !== child);
  const room = (unit: 'usd' | 'tokens', cap: number | undefined) => {
    if (cap === undefined) return Number.POSITIVE_INFINITY;
    const taken = (one: Account) => one.spent[unit] + (how === 'worst' ? one.reserved[unit] : 0);
    const kept = others.reduce((sum, other) => sum + Math.max(0, (other.cap[unit] ?? 0) - taken(other)), 0);
    return cap - taken(account) - kept;
  };
  return (worst.usd ?? 0) <= room('usd', account.cap.usd) + LITTLE && worst.tokens <= room('tokens', account.cap.tokens);
}

/** How much of its cap is spent, 1 for all of it. */
export function shareOf({ cap, spent }: Account): number {
  const share = (part: number, whole: number | undefined) => (whole === undefined ? 0 : part / Math.max(whole, LITTLE));
  return Math.max(share(spent.usd, cap.usd), share(spent.tokens, cap.tokens));
}

export function refusalText({ label, cap, spent }: Account, worst: Cost): string {
  const inCap = ({ usd, tokens }: Cost) =>
    budgetText({ usd: cap.usd === undefined ? undefined : usd, tokens: cap.tokens === undefined ? undefined : tokens });
  return `The budget of ${label} (${budgetText(cap)}) is used up: ${inCap(spent)} of it spent, and this turn may cost up to ${inCap(worst)}.`;
}
