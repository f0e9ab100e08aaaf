const fs = require("node:fs");
const path = require("node:path");

const page = fs.readFileSync(path.join(__dirname, "views", "page.txt"), "utf8");
if (process.argv[2] === "--check") {
  process.stdout.write(page);
} else {
  require("node:http").createServer((_, answer) => answer.end(page)).listen(process.env.PORT);
}
