const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { Command } = require("commander");
const { devDependencies } = require("./package.json");

const program = new Command("conditional")
  .description("say whether the development packages are installed")
  .option("--json", "print JSON");
program.parse();

const missing = Object.keys(devDependencies).filter((name) => !existsSync(join(__dirname, "node_modules", name)));
const answer = { environment: missing.length ? "prod" : "dev", missing };
console.log(program.opts().json ? JSON.stringify(answer) : answer.environment);
