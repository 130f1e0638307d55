import type { Settings } from '#core/settings.ts';
import { realSystem } from '#lib/system.ts';
import { openLog } from './open-log.ts';
import type { ProcessOutput } from './open-output.ts';
import { VERSION } from './package-info.ts';
import { type RunningRollbook, startRollbook } from './start.ts';
import { openTracing } from './telemetry/open-tracing.ts';

/** Starts what a process of `rollbook serve` is, with its log on `stderr` and the traces that the environment asks for. */
export async function startProcess(settings: Settings, stderr: ProcessOutput): Promise<RunningRollbook> {
  const tracing = await openTracing(process.env, VERSION);
  return startRollbook(settings, {
    log: openLog(settings.logLevel, stderr, tracing),
    system: realSystem,
    version: VERSION,
    tracing,
    followDatabaseTime: true,
  });
}
