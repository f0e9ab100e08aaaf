import { fastify } from "fastify";
import { Links } from "./links.mts";

const links = new Links();
const app = fastify();

app.post<{ Body: { target: string } }>("/links", (request, reply) => {
  reply.code(201).send({ name: links.shorten(request.body.target) });
});

app.get<{ Params: { name: string } }>("/:name", (request, reply) => {
  const target = links.target(request.params.name);
  return target ? reply.redirect(target) : reply.code(404).send({ message: "no such link" });
});

// `--check` shortens one link and follows it, without a port.
async function check(): Promise<void> {
  const made = await app.inject({ method: "POST", url: "/links", payload: { target: "https://example.org/a/long/path" } });
  const followed = await app.inject({ url: `/${made.json().name}` });
  console.log(followed.statusCode, followed.headers.location);
}

if (process.argv.includes("--check")) {
  void check();
} else {
  app.listen({ host: "0.0.0.0", port: Number(process.env.PORT ?? 3000) }).then((address) => console.log(`listening at ${address}`));
}
