import { createServer } from 'node:http';
import { allTeas, findTea } from './catalog.js';

/** The shop as an HTTP server that is not listening yet. */
export function createShop(orders) {
  return createServer(async (request, response) => {
    try {
      const [status, body] = await answer(orders, request);
      send(response, status, body);
    } catch (error) {
      send(response, 500, { error: error.message });
    }
  });
}

async function answer(orders, request) {
  const { pathname } = new URL(request.url, 'http://shop');
  const route = `${request.method} ${pathname}`;
  if (route === 'GET /teas') return [200, allTeas()];
  if (route.startsWith('GET /teas/')) {
    const tea = findTea(pathname.slice('/teas/'.length));
    return tea ? [200, tea] : [404, { error: 'We do not sell this tea.' }];
  }
  if (route === 'POST /orders') {
    const { customer, lines } = await readJson(request);
    return [201, orders.place(customer, lines)];
  }
  return [404, { error: 'There is nothing here.' }];
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readJson(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}
