import { copyFile } from "node:fs/promises";
import { build } from "esbuild";

await build({
  entryPoints: ["src/main.tsx"],
  bundle: true,
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  outdir: "dist",
});
await copyFile("src/index.html", "dist/index.html");
