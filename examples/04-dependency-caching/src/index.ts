import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { count } from "./words";

const app = new Hono();
app.post("/count", async (context) => context.json(count(await context.req.text())));

// `--check` counts the words of one sentence, without a port.
if (process.argv.includes("--check")) {
  void (async () => {
    const answer = await app.request("/count", { method: "POST", body: "One stage, two stages, one image" });
    console.log(await answer.text());
  })();
} else {
  serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => console.log(`listening on port ${port}`));
}
