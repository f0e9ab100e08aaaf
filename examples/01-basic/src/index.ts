import express from "express";
import type { AddressInfo } from "node:net";
import { greeting } from "./greeting";

const app = express();

app.get("/hello/:name", (request, response) => {
  const [language] = (request.headers["accept-language"] ?? "en").split(/[-,;]/);
  response.json({ message: greeting(request.params.name, language) });
});

// `--check` starts the server on a free port, asks it once and prints the answer.
const check = process.argv.includes("--check");
const server = app.listen(check ? 0 : Number(process.env.PORT ?? 3000), async () => {
  const { port } = server.address() as AddressInfo;
  if (!check) {
    console.log(`listening on port ${port}`);
    return;
  }
  const answer = await fetch(`http://127.0.0.1:${port}/hello/world`);
  console.log(await answer.text());
  server.close();
});
