import { findTea } from './catalog.js';
import { shippingFor } from './shipping.js';

/** Prices an order. `lines` are `{ tea, quantity }`; a quantity counts bags. */
export function priceOf(lines) {
  const items = lines.map(({ tea, quantity }) => ({ tea, quantity, price: findTea(tea).price * quantity }));
  const goods = items.reduce((sum, item) => sum + item.price, 0);
  const shipping = shippingFor(goods);
  return { items, goods, shipping, total: goods + shipping };
}
