import { Decimal } from "decimal.js";

export interface Item {
  price: string;
  count: number;
}

/** The sum of the items with tax in per cent, rounded half up to cents. */
export function total(items: readonly Item[], tax: number): string {
  const net = items.reduce((sum, item) => sum.plus(new Decimal(item.price).times(item.count)), new Decimal(0));
  return net.times(100 + tax).dividedBy(100).toFixed(2);
}
