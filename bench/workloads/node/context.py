"""The usual Node.js build in three stages. tools/install.js stands in for `npm ci`: it
writes a node_modules of 20,000 small files in 400 packages, the same ones every time."""

import json
from pathlib import Path

INSTALL = """\
const fs = require('fs'), path = require('path');
const [root, count] = [process.argv[2], Number(process.argv[3])];
const perPackage = 50;
let seed = 42;
const random = n => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
const words = ['function', 'return', 'const', 'export', 'module', 'require', 'value', 'index', 'this', 'await'];
for (let i = 0; i < count / perPackage; i++) {
  const name = i % 5 ? `package-${i}` : `@scope/package-${i}`;
  for (let j = 0; j < perPackage; j++) {
    const dir = path.join(root, name, ['', 'lib', 'dist/esm', 'dist/cjs', 'types'][j % 5]);
    fs.mkdirSync(dir, {recursive: true});
    let text = '';
    for (let k = 20 + random(400); k > 0; k--) text += words[random(10)] + (random(6) ? ' ' : `_${random(99999)}\\n`);
    fs.writeFileSync(path.join(dir, `file-${j}.js`), text);
  }
  fs.mkdirSync(path.join(root, '.bin'), {recursive: true});
  fs.symlinkSync(path.join('..', name, 'file-0.js'), path.join(root, '.bin', `package-${i}`));
}
"""
BUILD = """\
const fs = require('fs'), path = require('path');
const [source, target] = process.argv.slice(2);
fs.mkdirSync(target);
for (const name of fs.readdirSync(source))
  fs.writeFileSync(path.join(target, name), fs.readFileSync(path.join(source, name), 'utf8').replace(/ +/g, ' '));
"""


def make(root: Path) -> None:
    (root / "tools").mkdir()
    (root / "tools/install.js").write_text(INSTALL)
    (root / "tools/build.js").write_text(BUILD)
    (root / "package.json").write_text(json.dumps({"name": "app", "version": "1.0.0"}) + "\n")
    (root / "src").mkdir()
    for i in range(50):
        (root / f"src/part{i}.js").write_text(f"exports.part{i} =   () => {i};\n" * 20)
    edit(root, 0)


def edit(root: Path, n: int) -> None:
    (root / "src/index.js").write_text(f"console.log('build {n}', require('./part0').part0());\n")
