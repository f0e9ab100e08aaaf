const fs = require("node:fs");

fs.mkdirSync("dist");
fs.copyFileSync("src/count.js", "dist/count.js");
