import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { PACKAGE_DIR } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';

let rollbook: TestRollbook;
let folder = '';
before(async () => {
  rollbook = await startTestRollbook();
  // As the reader has it: data and examples in the current folder.
  folder = await mkdtemp(join(tmpdir(), 'rollbook-readme-'));
  await symlink(rollbook.dataDir, join(folder, 'data'));
  await symlink(join(PACKAGE_DIR, 'examples'), join(folder, 'examples'));
});
after(async () => {
  await rollbook.stop();
  await rm(folder, { recursive: true, force: true });
});

const ADDRESS = 'URL=http://127.0.0.1:8080\n';

test('the README: its blocks for bash and curl work as they stand, one after the other', async () => {
  const blocks = shellBlocks(await readFile(join(PACKAGE_DIR, 'README.md'), 'utf8'));
  assert.equal(blocks.length, 10);
  assert.ok(blocks[0]?.startsWith(ADDRESS), 'the first block says where the service is');
  // Only the port differs: this service has a free one.
  const script = blocks.join('\n').replace(ADDRESS, `URL=${rollbook.baseUrl}\n`);
  const { code, output } = await bash(`set -euo pipefail\n${script}`);
  assert.equal(code, 0, output);
  assert.match(output, /^profile [0-9a-f-]{36}$/mu);
  assert.match(output, /Collection\(microsoft\.graph\.verificationMessage\)/u);
  assert.match(output, /^success$/mu);
  assert.match(output, /\$metadata#education\/schools"/u);
  assert.match(output, /"userPrincipalName":"[^"]+@(students\.)?fabrikam\.example"/u);
});

/** The blocks marked `sh`, in their order; those marked `text` are for reading. */
function shellBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gmsu)].map((match) => match[1] ?? '');
}

function bash(script: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
