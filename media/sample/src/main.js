import { orderBook } from './orders.js';
import { createShop } from './server.js';

const port = Number(process.env.PORT ?? 3000);

createShop(orderBook()).listen(port, () => {
  console.log(`The tea shop is open: http://localhost:${port}`);
});
