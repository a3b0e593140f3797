/** Accounts: what fits, what waits, what is refused, and that nothing is ever spent beyond a cap. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Cap, Cost } from '../../../src/model/budget/account';
import { accounts, type BudgetEvent, type Reservation } from '../../../src/model/budget/accounts';
import { settled } from '../../support/handTime';
import { failed, NEVER, valued } from '../../support/result';

const usd = (dollars: number): Cost => ({ usd: dollars, tokens: 0 });
const capped = (dollars: number): Cap => ({ usd: dollars, tokens: undefined });
const NO_CAP: Cap = { usd: undefined, tokens: undefined };

/** A run of ten dollars, with a task of four and one without a cap. */
function rig(cap = capped(10)) {
  const events: string[] = [];
  const all = accounts(({ kind, account }: BudgetEvent) => events.push(`${account} ${kind}`));
  const open = (id: string, own: Cap, parent?: string, isKept = false) => all.open(id, { label: `the ${id}`, cap: own, parent, isKept });
  valued(open('run', cap));
  valued(open('small', capped(4), 'run'));
  valued(open('free', NO_CAP, 'run'));
  const states: Record<string, string> = {};
  /** Asks for so much; `name` is what becomes of it in {@link states}. */
  const ask = async (name: string, id: string, worst: Cost, signal = NEVER): Promise<Reservation> => {
    states[name] = 'waits';
    const reservation = await all.reserve(id, worst, signal);
    states[name] = reservation.kind === 'reserved' ? 'goes' : `${reservation.account}: ${reservation.message}`;
    return reservation;
  };
  return { all, open, ask, states, events };
}

async function settle(reservation: Promise<Reservation>, cost: Cost): Promise<void> {
  const granted = await reservation;
  assert.equal(granted.kind, 'reserved');
  if (granted.kind === 'reserved') granted.settle(cost);
  await settled();
}

describe('accounts', () => {
  it('reserve the worst in a task and its run, and settle what it was', async () => {
    const { all, ask } = rig();
    const one = ask('one', 'small', { usd: 3, tokens: 300 });
    await one;
    assert.deepEqual(all.state('run'), { cap: capped(10), spent: { usd: 0, tokens: 0, unpriced: 0 }, reserved: { usd: 3, tokens: 300 } });
    await settle(one, { usd: 1, tokens: 100 });
    const spent = { spent: { usd: 1, tokens: 100, unpriced: 0 }, reserved: { usd: 0, tokens: 0 } };
    assert.deepEqual(
      [all.state('run'), all.state('small')],
      [
        { cap: capped(10), ...spent },
        { cap: capped(4), ...spent },
      ],
    );
    assert.equal(all.state('free')?.spent.usd, 0);
    // Twice is once.
    await settle(one, { usd: 1, tokens: 100 });
    assert.equal(all.state('run')?.spent.usd, 1);
  });

  it('let a request wait for those on their way, and refuse what cannot fit whatever becomes of them', async () => {
    const { ask, states, events } = rig();
    const one = ask('one', 'small', usd(3));
    const two = ask('two', 'small', usd(3));
    const three = ask('three', 'small', usd(3));
    void ask('four', 'small', usd(4.5));
    await settled();
    const gone = 'The budget of the small ($4.00) is used up:';
    assert.deepEqual(states, {
      one: 'goes',
      two: 'waits',
      three: 'waits',
      four: `small: ${gone} $0.00 of it spent, and this turn may cost up to $4.50.`,
    });
    await settle(one, usd(0.5));
    assert.equal(states['two'], 'goes');
    await settle(two, usd(1));
    assert.equal(states['three'], `small: ${gone} $1.50 of it spent, and this turn may cost up to $3.00.`);
    await three;
    assert.deepEqual(events, ['small refused']);
  });

  it('name the account that is used up, and limit tokens where the price is not known', async () => {
    const { ask, states, all } = rig({ usd: 10, tokens: 1000 });
    await settle(ask('one', 'free', { usd: undefined, tokens: 900 }), { usd: undefined, tokens: 700 });
    assert.deepEqual(all.state('run')?.spent, { usd: 0, tokens: 700, unpriced: 700 });
    await ask('two', 'free', { usd: 1, tokens: 301 });
    const message =
      'The budget of the run ($10.00 and 1,000 tokens) is used up: $0.00 and 700 tokens of it spent, and this turn may cost up to $1.00 and 301 tokens.';
    assert.equal(states['two'], `run: ${message}`);
  });

  it('tell of four fifths and of the end once for each cap, and go on when it is raised', async () => {
    const { all, ask, states, events } = rig();
    await settle(ask('one', 'small', usd(4)), usd(3.2));
    await ask('two', 'small', usd(1));
    await ask('three', 'small', usd(1));
    assert.deepEqual(events, ['small notice', 'small refused']);
    all.raise('small', capped(4.2));
    const held = ask('four', 'small', usd(1));
    void ask('five', 'small', usd(0.5));
    await settled();
    assert.deepEqual([states['four'], states['five']], ['goes', 'waits']);
    all.raise('small', capped(6));
    await settled();
    assert.equal(states['five'], 'goes');
    await settle(held, usd(1));
    all.charge('small', usd(0.8));
    assert.deepEqual(events.slice(2), ['small notice']);
    assert.equal(all.state('run')?.spent.usd, 5);
  });

  it('keep for a child what it was promised, and give back what it leaves', async () => {
    const { all, open, ask, states } = rig();
    valued(open('child', capped(3), 'small', true));
    const why = 'There is not enough in the budget of the small to keep $1.50 for the greedy.';
    assert.deepEqual(failed(open('greedy', capped(1.5), 'small', true)), {
      kind: 'budget',
      message: why,
      fix: 'Give it less, or raise the budget.',
    });
    await ask('own', 'small', usd(1.5));
    assert.match(states['own'] ?? '', /^small: /);
    const inChild = ask('child', 'child', usd(2));
    assert.equal((await inChild).kind, 'reserved');
    const own = ask('own', 'small', usd(1));
    assert.equal((await own).kind, 'reserved');
    await settle(inChild, usd(2));
    await settle(own, usd(1));
    void ask('more', 'small', usd(0.5));
    await settled();
    assert.match(states['more'] ?? '', /^small: /);
    all.close('child');
    await ask('more', 'small', usd(1));
    assert.equal(states['more'], 'goes');
    assert.deepEqual([all.state('child'), all.state('small')?.spent.usd, all.state('run')?.spent.usd], [undefined, 3, 3]);
  });

  it('let go of a request that is aborted while it waits', async () => {
    const { all, ask } = rig();
    const leave = new AbortController();
    const one = ask('one', 'small', usd(4));
    const two = ask('two', 'small', usd(4), leave.signal);
    await settled();
    leave.abort();
    await assert.rejects(two, { name: 'AbortError' });
    await settle(one, usd(0));
    assert.deepEqual(all.state('small')?.reserved, { usd: 0, tokens: 0 });
    await assert.rejects(ask('three', 'small', usd(1), leave.signal), { name: 'AbortError' });
  });

  it('are never spent beyond a cap, and leave nobody waiting', async () => {
    const request = fc.record({
      id: fc.constantFrom('run', 'small', 'free', 'child'),
      worst: fc.integer({ min: 0, max: 5 }),
      share: fc.constantFrom(0, 0.25, 0.5, 1),
      /** Which of those on their way is settled next. */
      settles: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 40 }), fc.boolean(), async (requests, isKept) => {
        const { all, open } = rig();
        valued(open('child', capped(2), 'small', isKept));
        const onWay: { settle: (cost: Cost) => void; cost: Cost }[] = [];
        let decided = 0;
        const check = () => {
          for (const id of ['run', 'small', 'free', 'child']) {
            const state = all.state(id);
            assert.ok(state !== undefined);
            assert.ok(state.spent.usd + state.reserved.usd <= (state.cap.usd ?? Number.POSITIVE_INFINITY) + 1e-6, id);
            assert.ok(state.reserved.usd > -1e-6, id);
          }
        };
        const settleOne = async (which: number) => {
          const [one] = onWay.splice(which % onWay.length, 1);
          one?.settle(one.cost);
          await Promise.resolve();
          check();
        };
        for (const { id, worst, share, settles } of requests) {
          void all.reserve(id, usd(worst), NEVER).then((reservation) => {
            decided += 1;
            if (reservation.kind === 'reserved') onWay.push({ settle: reservation.settle, cost: usd(worst * share) });
          });
          await Promise.resolve();
          check();
          if (onWay.length > 0 && settles % 3 === 0) await settleOne(settles);
        }
        await settled();
        while (onWay.length > 0) {
          await settleOne(0);
          await settled();
        }
        assert.equal(decided, requests.length);
      }),
      { numRuns: 300 },
    );
  });
});
