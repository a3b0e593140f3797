/** The teas that the shop sells. A price is in cents, for a bag of 100 g. */
const TEAS = [
  { id: 'assam', name: 'Assam Breakfast', kind: 'black', origin: 'India', price: 690 },
  { id: 'darjeeling', name: 'Darjeeling First Flush', kind: 'black', origin: 'India', price: 1490 },
  { id: 'sencha', name: 'Sencha Uji', kind: 'green', origin: 'Japan', price: 990 },
  { id: 'jasmine', name: 'Jasmine Pearls', kind: 'green', origin: 'China', price: 1290 },
  { id: 'oolong', name: 'Iron Goddess', kind: 'oolong', origin: 'China', price: 1190 },
  { id: 'rooibos', name: 'Rooibos Vanilla', kind: 'herbal', origin: 'South Africa', price: 590 },
  { id: 'mint', name: 'Moroccan Mint', kind: 'herbal', origin: 'Morocco', price: 490 },
];

export function allTeas() {
  return TEAS.map((tea) => ({ ...tea }));
}

/** The tea of that id, or undefined. */
export function findTea(id) {
  return allTeas().find((tea) => tea.id === id);
}
