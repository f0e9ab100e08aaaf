import { total } from "./price.ts";

const items = process.argv.slice(2).map((argument) => {
  const [price, count] = argument.split("x");
  return { price, count: Number(count ?? 1) };
});
console.log(total(items, Number(process.env.TAX ?? 19)));
