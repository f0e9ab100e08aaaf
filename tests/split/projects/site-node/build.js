const fs = require("node:fs");

fs.mkdirSync("public", { recursive: true });
for (const name of fs.readdirSync("pages")) {
  const text = fs.readFileSync(`pages/${name}`, "utf8");
  fs.writeFileSync(`public/${name.replace(".txt", ".html")}`, `<!doctype html><p>${text.trim()}</p>\n`);
}
