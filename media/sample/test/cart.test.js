import assert from 'node:assert/strict';
import { test } from 'node:test';
import { priceOf } from '../src/cart.js';

test('an order costs its goods and the shipping', () => {
  const order = priceOf([
    { tea: 'mint', quantity: 2 },
    { tea: 'assam', quantity: 1 },
  ]);
  assert.equal(order.goods, 1670);
  assert.equal(order.shipping, 490);
  assert.equal(order.total, 2160);
});
