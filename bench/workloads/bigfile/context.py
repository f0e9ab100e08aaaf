"""1 GB in 32 files, half noise and half text, that goes through three stages."""

from pathlib import Path

FILL = """\
const crypto = require('crypto'), fs = require('fs'), path = require('path');
const target = process.argv[2];
let seed = 42;
const random = n => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
const words = Array.from({length: 3000}, () => Array.from({length: 2 + random(7)}, () => 'etaoinshrdlu'[random(12)]).join(''));
const text = Buffer.from(Array.from({length: 1600000}, () => words[random(3000)]).join(' ')).subarray(0, 8000000);
const noise = crypto.createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
const zeros = Buffer.alloc(1000000);
fs.mkdirSync(target);
for (let i = 0; i < 16; i++) {
  const binary = fs.openSync(path.join(target, `random${i}.bin`), 'w');
  for (let j = 0; j < 32; j++) fs.writeSync(binary, noise.update(zeros));
  const lines = fs.openSync(path.join(target, `text${i}.txt`), 'w');
  for (let j = 0; j < 4; j++) {
    const cut = random(text.length);
    fs.writeSync(lines, text.subarray(cut));
    fs.writeSync(lines, text.subarray(0, cut));
  }
}
"""


def make(root: Path) -> None:
    (root / "fill.js").write_text(FILL)
