import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { orderBook } from '../src/orders.js';
import { createShop } from '../src/server.js';

const shop = createShop(orderBook());
let url;

before(async () => {
  shop.listen(0, '127.0.0.1');
  await once(shop, 'listening');
  url = `http://127.0.0.1:${shop.address().port}`;
});

after(() => shop.close());

test('the catalogue is served', async () => {
  const response = await fetch(`${url}/teas`);
  const teas = await response.json();
  assert.equal(response.status, 200);
  assert.equal(teas.length, 7);
});

test('a tea that we do not sell is not found', async () => {
  const response = await fetch(`${url}/teas/coffee`);
  assert.equal(response.status, 404);
});

test('an order is placed', async () => {
  const body = JSON.stringify({ customer: 'Ada', lines: [{ tea: 'sencha', quantity: 2 }] });
  const response = await fetch(`${url}/orders`, { method: 'POST', body });
  const order = await response.json();
  assert.equal(response.status, 201);
  assert.deepEqual([order.number, order.total], [1, 2470]);
});
