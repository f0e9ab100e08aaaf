import assert from "node:assert/strict";
import { test } from "node:test";
import { total } from "../src/price.ts";

test("nothing costs nothing", () => {
  assert.equal(total([], 19), "0.00");
});

test("tax is added to the sum", () => {
  assert.equal(total([{ price: "9.99", count: 3 }, { price: "0.03", count: 1 }], 19), "35.70");
});

test("a cent is not lost to binary fractions", () => {
  assert.equal(total([{ price: "0.1", count: 1 }, { price: "0.2", count: 1 }], 0), "0.30");
});

test("half a cent is rounded up", () => {
  assert.equal(total([{ price: "0.50", count: 1 }], 19), "0.60");
});
