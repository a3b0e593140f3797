import { priceOf } from './cart.js';

/** Keeps the orders of the shop, numbered from 1. */
export function orderBook() {
  const orders = [];
  return {
    place(customer, lines) {
      const order = { number: orders.length + 1, customer, ...priceOf(lines) };
      orders.push(order);
      return order;
    },
    all() {
      return [...orders];
    },
  };
}
