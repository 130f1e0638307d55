import type { Settings } from '#core/settings.ts';
import type { Telemetry } from '#core/telemetry/telemetry.ts';
import type { System } from '#lib/system.ts';
import type { Database } from '#storage/database.ts';

import type { Closers } from '../closers.ts';
import { collectDatabase } from './collect-database.ts';
import { collectProcess } from './collect-process.ts';
import { serveMetrics } from './serve-metrics.ts';

/** Numbers of process and database, and their own port if the settings ask for one. Answers where they are then. */
export async function startMonitoring(
  telemetry: Telemetry,
  closers: Closers,
  {
    db,
    settings,
    system,
    version,
  }: {
    readonly db: Database;
    readonly settings: Settings;
    readonly system: System;
    readonly version: string;
  },
): Promise<string | undefined> {
  const { metrics } = telemetry;
  metrics.set('rollbook_build_info', { version, mode: settings.mode }, 1);
  const stop = collectProcess(metrics, system.now());
  closers.add(() => {
    stop();
    return Promise.resolve();
  });
  collectDatabase(metrics, db, () => system.now());
  if (settings.metricsPort === 'off') return undefined;
  const server = await serveMetrics(metrics, {
    host: settings.metricsHost,
    port: settings.metricsPort,
    token: settings.metricsToken,
  });
  closers.add(() => server.close());
  return server.address;
}
