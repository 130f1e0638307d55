import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { makeFirstTenant } from '#access/first-start.ts';
import { openIssuer } from '#access/issuer.ts';
import { openSecretBox } from '#access/open-secret-box.ts';
import { loadSecretKey } from '#access/secret-key.ts';
import type { Settings } from '#core/settings.ts';
import { openTelemetry } from '#core/telemetry/telemetry.ts';
import { openNoticePost } from '#engine/notices/open-notice-post.ts';
import { startRunner } from '#engine/runner.ts';
import type { StoreClaim } from '#files/file-store.ts';
import { openFileStore } from '#files/open-file-store.ts';
import { messageOf } from '#lib/errors.ts';
import { asOwner, type Database } from '#storage/database.ts';
import { prepareDataDirectory } from '#storage/data-directory.ts';
import { acquireLock, type HeldLock } from '#storage/data-directory-lock.ts';
import { ensureInstallationId } from '#storage/installation.ts';
import { openStorage } from '#storage/open-storage.ts';
import { claimStore } from './claim-store.ts';
import { Closers } from './closers.ts';
import { followDatabaseTime } from './database-time.ts';
import { fileStoreOf, uploadsDirectory } from './file-store-of.ts';
import { watchSchema } from './schema-watch.ts';
import { slowStatementsOf } from './telemetry/slow-statements-of.ts';
import { startMonitoring } from './telemetry/start-monitoring.ts';
import { serve } from './serve.ts';
import { engineContext, startExecuting } from './start-executing.ts';
import type { StartOptions, Workshop } from './workshop.ts';

/** A Rollbook that runs in this process. */
export interface RunningRollbook {
  /** HTTP before HTTPS: `http://127.0.0.1:8080`. Empty for a worker. */
  readonly addresses: readonly string[];
  /** Where METRICS_PORT listens. */
  readonly metricsAddress: string | undefined;
  readonly dataDir: string;
  /** Where the bytes of uploads are, when they are on the disk. */
  readonly filesDirectory: string;
  readonly db: Database;
  /** Requests end, runs let go at their next safe point, then the database. Repeated calls wait for the first. */
  stop(): Promise<void>;
}

/** Starts everything that the settings ask for. When something fails, whatever had started is stopped again. */
export async function startRollbook(settings: Settings, options: StartOptions): Promise<RunningRollbook> {
  const closers = new Closers();
  try {
    return await start(settings, options, closers);
  } catch (error) {
    await closers.close().catch((closeError: unknown) => {
      options.log.error({ err: closeError }, 'the start failed, and so did the stop after it');
    });
    throw error;
  }
}

async function start(settings: Settings, asked: StartOptions, closers: Closers): Promise<RunningRollbook> {
  const { log } = asked;
  const telemetry = openTelemetry(asked.tracing);
  closers.add(() => telemetry.tracing.close());
  const dataDir = resolve(settings.dataDir);
  const lock = await lockDataDirectory(dataDir, settings, log, closers);
  const { keys } = await loadSecretKey(dataDir, settings.secretKey, asked.system);
  const secretBox = openSecretBox(keys, asked.system);
  const storage = await openStorage({
    dataDir,
    databaseUrl: settings.databaseUrl,
    secretBox,
    database: {
      applicationName: `rollbook ${settings.mode}`,
      runs: settings.mode === 'api' ? 0 : settings.runConcurrency,
      // Long enough for a pause of a loaded machine; a worker that is gone so long has lost its lease as well.
      idleTransactionSeconds: Math.max(10, settings.leaseSeconds * 2),
      onConnectionLost: (error) => log.warn({ reason: messageOf(error) }, 'a database connection broke'),
      slowStatements: slowStatementsOf(settings, log, telemetry),
    },
    onProgress: (sentence) => log.info(sentence),
    onTrouble: (sentence) => log.error(sentence),
  });
  closers.add(() => storage.close());
  const { db } = storage;
  const options = await inDatabaseTime(asked, db, closers);
  const { system } = options;
  const fileStore = fileStoreOf(settings, dataDir);
  const files = openFileStore(fileStore);
  const claim: StoreClaim = {
    installationId: await asOwner(db, (tx) => ensureInstallationId(tx, system.newId)),
    replaces: settings.uploadTakeOver,
  };
  // Before anything is written into a data directory that belongs to another database.
  await claimStore(files, claim, log);
  const first = await makeFirstTenant({ db, system, secretBox, dataDir, timeZone: machineTimeZone() });
  if (first === 'made')
    log.info({ file: join(dataDir, 'credentials.json') }, 'made a tenant and its administrator');
  const issuer = await openIssuer({ db, system, secretBox });
  const notices = { db, system, secretBox, log, telemetry, post: openNoticePost(settings) };
  const work: Workshop = {
    settings,
    options,
    db,
    secretBox,
    keys,
    files,
    claim,
    fileStore,
    dataDir,
    issuer,
    notices,
    telemetry,
  };
  const engine = engineContext(work);
  const runner = await startRunner(engine, {
    concurrency: settings.mode === 'api' ? 0 : settings.runConcurrency,
  });
  closers.add(() => runner.stop());
  const executing = settings.mode === 'api' ? [] : startExecuting(work, engine, runner);
  for (const part of executing) closers.add(() => part.stop());
  const schema = await watchSchema({ db, system, log }, async ({ standing }) => {
    // Whatever they would write is refused; the processes of the newer version do it.
    if (standing !== 'current')
      await Promise.all([runner.stopExecuting(), ...executing.map((part) => part.stop())]);
  });
  closers.add(() => schema.stop());
  const { version } = options;
  const metricsAddress = await startMonitoring(telemetry, closers, { db, settings, system, version });
  const addresses = await serve(work, runner, schema, closers);
  await lock?.update(addresses);
  log.info({ mode: settings.mode, addresses, metricsAddress, dataDir }, 'rollbook is ready');
  const filesDirectory = uploadsDirectory(dataDir);
  return { addresses, metricsAddress, dataDir, filesDirectory, db, stop: () => closers.close() };
}

/** Two processes that judge what the other has made go by one clock. */
async function inDatabaseTime(asked: StartOptions, db: Database, closers: Closers): Promise<StartOptions> {
  if (asked.followDatabaseTime !== true) return asked;
  const time = await followDatabaseTime(asked.system, db, asked.log);
  closers.add(() => time.stop());
  return { ...asked, system: time.system };
}

/** api and worker processes beside each other share one data directory on purpose; the database keeps their order. */
async function lockDataDirectory(
  dataDir: string,
  settings: Settings,
  log: Logger,
  closers: Closers,
): Promise<HeldLock | undefined> {
  if (settings.databaseUrl !== undefined && settings.mode !== 'all') {
    await prepareDataDirectory(dataDir);
    return undefined;
  }
  const lock = await acquireLock(dataDir, { onLost: (sentence) => log.fatal(sentence) });
  closers.add(() => lock.release());
  return lock;
}

/** Undefined, unlike its type says, where TZ holds no name: `TZ=:/etc/localtime`. */
function machineTimeZone(): string | undefined {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
