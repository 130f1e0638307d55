import { runCli } from '#cli/main.ts';
import { realSystem } from '#lib/system.ts';
import { openOutput } from './main/open-output.ts';
import { PACKAGE_DIR, VERSION } from './main/package-info.ts';

/** npm passes on the Ctrl-C that the terminal has sent to all: two signals so close are one. */
const SAME_SIGNAL_MS = 1_000;

const interrupt = new AbortController();
let interruptedMs = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The first one asks for an end in order, the second one does not ask.
    if (interrupt.signal.aborted && performance.now() - interruptedMs > SAME_SIGNAL_MS) process.exit(130);
    if (!interrupt.signal.aborted) interruptedMs = performance.now();
    interrupt.abort();
  });
}

const stdout = openOutput(process.stdout);
const stderr = openOutput(process.stderr);

const exitCode = await runCli(
  process.argv.slice(2),
  { stdout, stderr, env: process.env, interrupt: interrupt.signal },
  {
    system: realSystem,
    version: VERSION,
    packageDir: PACKAGE_DIR,
    // Loaded by whoever needs them: most commands only ask a service, and would wait a second for all of it.
    startServer: async ({ values }) => {
      const { startProcess } = await import('./main/start-process.ts');
      return startProcess(values, stderr);
    },
    backup: async (...input) => (await import('./main/copy-database.ts')).backupDatabase(...input),
    restore: async (...input) => (await import('./main/copy-database.ts')).restoreDatabase(...input),
    examine: async (settings) =>
      (await import('./main/doctor/examine.ts')).examine(settings, realSystem, VERSION),
  },
);
// Connections kept alive for a next request must not hold the process; what was printed must be out first, or known to be lost.
process.stdout.write('', () => {
  setImmediate(() => process.exit(stdout.failure === null ? exitCode : sayLost(stdout.failure)));
});

/** Whoever asked for an answer does not have it. */
function sayLost(failure: Error): number {
  stderr.write(`Error: The output could not be written: ${failure.message}. Make room where it goes.\n`);
  return exitCode === 0 ? 1 : exitCode;
}
