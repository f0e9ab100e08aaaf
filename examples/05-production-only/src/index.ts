import { fastify } from "fastify";

const app = fastify();

app.get<{ Params: { celsius: number } }>(
  "/fahrenheit/:celsius",
  { schema: { params: { type: "object", properties: { celsius: { type: "number", minimum: -273.15 } } } } },
  async (request) => ({ fahrenheit: request.params.celsius * 1.8 + 32 }),
);

// `--check` converts one temperature, without a port.
if (process.argv.includes("--check")) {
  void app.inject({ url: "/fahrenheit/100" }).then((answer) => console.log(answer.body));
} else {
  void app
    .listen({ host: "0.0.0.0", port: Number(process.env.PORT ?? 3000) })
    .then((address) => console.log(`listening at ${address}`));
}
