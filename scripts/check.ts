/**
 * `npm run check [-- name ...]`: everything a change must pass besides the tests, one line each. Exit code 1 when one failed.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Programs of node_modules are run by this very node, whatever the shell finds first. */
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  format: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  lint: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  types: ['node_modules/typescript/bin/tsc', '--noEmit'],
  architecture: ['--test', '--test-reporter=dot', 'test/architecture.test.ts'],
  schema: ['scripts/schema.ts', '--check'],
  docs: ['scripts/docs.ts', '--check'],
  states: ['scripts/state-tables.ts', '--check'],
  operations: ['scripts/graph-operations.ts', '--check'],
  api: ['scripts/api-operations.ts', '--check'],
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(CHECKS, name));
if (unknown !== undefined) {
  console.error(`There is no check "${unknown}": ${Object.keys(CHECKS).join(', ')}.`);
  process.exit(2);
}
let failed = 0;
for (const [name, args] of Object.entries(CHECKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const startMs = performance.now();
  const { exitCode, output } = await runNode(args);
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  console.log(`${exitCode === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds.padStart(5)} s`);
  if (exitCode === 0) continue;
  failed += 1;
  console.log(output.trimEnd().replaceAll(/^/gm, '    '));
}
process.exitCode = failed > 0 ? 1 : 0;

function runNode(args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? 1, output }));
  });
}
