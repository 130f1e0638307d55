#!/usr/bin/env node
/**
 * The `rollbook` of the published package, and of the npm scripts of a checkout. A global installation is started by whatever Node the system has;
 * when that is too old, the Node that came with the packages takes over. Runs on Node 20, so it imports nothing that does not.
 */
import { spawn } from 'node:child_process';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) >= OLDEST_MAJOR) {
  keepCompiled();
  await import('../main.ts');
} else handOver(packagedNode());

/** Most of what a command takes is compiling: Node keeps what it has compiled, in the folder of the package, where it may write there. */
function keepCompiled(): void {
  const packageDir = fileURLToPath(new URL('../..', import.meta.url));
  module.enableCompileCache(join(packageDir, 'node_modules', '.cache', 'rollbook'));
}

/** The program of the platform package, undefined when none is installed. */
function packagedNode(): string | undefined {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const load = createRequire(import.meta.url);
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      const manifest = load.resolve(`${name}/package.json`);
      const { bin } = load(manifest) as { bin: { node: string } };
      return join(dirname(manifest), bin.node);
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

function handOver(node: string | undefined): void {
  if (node === undefined) {
    process.stderr.write(
      `Rollbook needs Node ${OLDEST_MAJOR} or newer; this is ${process.version}, and the packages brought none along ` +
        '(was npm told to omit optional packages?).\n',
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // A terminal signals both; from elsewhere only this process is known. Either way the child decides when to end.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
}
