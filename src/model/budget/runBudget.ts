/** The accounts of one run, and whoever follows them. */
import type { OwnPrices } from '../../domain/prices';
import { accounts, type BudgetEvent } from './accounts';

/** Whoever drives the run opens its accounts: as long as there are none, nothing is counted. */
export class RunBudget {
  readonly accounts = accounts((event) => this.onEvent(event));
  /** Told what is to be seen of an account. */
  onEvent: (event: BudgetEvent) => void = () => undefined;

  constructor(
    readonly prices: OwnPrices,
    /** Models that may answer in the place of the one that is asked. */
    readonly fallbacks: readonly string[],
  ) {}
}
