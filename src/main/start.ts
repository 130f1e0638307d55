import { availableParallelism, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { type ExternalIssuers, openExternalIssuers } from '#access/external/external-issuers.ts';
import { makeFirstTenant } from '#access/first-start.ts';
import { type Issuer, openIssuer } from '#access/issuer.ts';
import { openSecretBox } from '#access/open-secret-box.ts';
import { loadSecretKey, type SecretKey } from '#access/secret-key.ts';
import { tokenVerifier } from '#access/token-verifier.ts';
import { externalIssuersOf } from '#core/oidc-settings.ts';
import type { Settings } from '#core/settings.ts';
import { openTelemetry, type Telemetry } from '#core/telemetry/telemetry.ts';
import { DEFAULT_UPLOAD_LIMITS, type UploadLimits } from '#core/upload/upload-limits.ts';
import { DEFAULT_ENGINE_SETTINGS, type EngineSettings } from '#engine/engine-context.ts';
import { startRetrySweep } from '#engine/escrow/retry-sweep.ts';
import { startHousekeeping } from '#engine/housekeeping.ts';
import { startNoticeDelivery } from '#engine/notices/deliver-notices.ts';
import type { NoticeContext } from '#engine/notices/notice-context.ts';
import { openNoticePost } from '#engine/notices/open-notice-post.ts';
import { startProfileJobs } from '#engine/profiles/profile-jobs.ts';
import { type Runner, startRunner } from '#engine/runner.ts';
import { startScheduler } from '#engine/schedule/scheduler.ts';
import type { FileStore, StoreClaim } from '#files/file-store.ts';
import { type FileStoreOptions, openFileStore } from '#files/open-file-store.ts';
import { removeObjects } from '#files/remove-objects.ts';
import type { HttpContext } from '#http/context.ts';
import { applicationLimit } from '#http/limits/application-limit.ts';
import { listen } from '#http/listen.ts';
import { buildServer } from '#http/server.ts';
import { loadCertificate } from '#http/tls/load-certificate.ts';
import { messageOf } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import type { Tracing } from '#lib/tracing.ts';
import { followChanges } from '#storage/change-feed.ts';
import { asOwner, type Database, forExecuting } from '#storage/database.ts';
import { prepareDataDirectory } from '#storage/data-directory.ts';
import { acquireLock, type HeldLock } from '#storage/data-directory-lock.ts';
import { ensureInstallationId } from '#storage/installation.ts';
import { openStorage } from '#storage/open-storage.ts';
import { claimStore } from './claim-store.ts';
import { Closers } from './closers.ts';
import { followDatabaseTime } from './database-time.ts';
import { fileStoreOf, uploadsDirectory } from './file-store-of.ts';
import { watchReadiness } from './readiness.ts';
import { type SchemaWatch, watchSchema } from './schema-watch.ts';
import { slowStatementsOf } from './telemetry/slow-statements-of.ts';
import { startMonitoring } from './telemetry/start-monitoring.ts';

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

export interface StartOptions {
  readonly log: Logger;
  readonly system: System;
  readonly version: string;
  /** Where traces go; it is closed with the service. */
  readonly tracing?: Tracing;
  /** Tests go faster with other ones. */
  readonly engine?: Partial<EngineSettings>;
  /** Seconds between two looks for notices to deliver. */
  readonly noticePollSeconds?: number;
  /** Goes by the clock of the database wherever processes compare times; a test that sets its own clock does not. */
  readonly followDatabaseTime?: boolean;
}

/** Answers under way get so long at a stop; `start` waits the longest. */
const GRACE_MS = 25_000;
/** More threads wait for the one that takes the rows they looked at. */
const MOST_READ_THREADS = 4;

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
  const first = await makeFirstTenant({ db, system, secretBox, dataDir });
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

/** What a process does beside runs when it does not only answer requests. */
function startExecuting(
  work: Workshop,
  engine: Parameters<typeof startRunner>[0],
  runner: Runner,
): { stop(): Promise<void> }[] {
  const { settings, options, files, claim, notices } = work;
  const { log, system } = options;
  const db = forExecuting(work.db);
  return [
    startHousekeeping({
      db,
      system,
      files,
      claim,
      log,
      uploadRetentionDays: settings.uploadRetentionDays,
      runRetentionDays: settings.runRetentionDays,
      removeJobs: runner.removeLeftovers,
    }),
    startRetrySweep({ ...engine, wake: runner.wake }),
    startScheduler({ ...scheduleContext(work, runner), db }),
    startNoticeDelivery({ ...notices, db }, { pollSeconds: options.noticePollSeconds }),
  ];
}

/** What the parts share. */
interface Workshop {
  readonly settings: Settings;
  readonly options: StartOptions;
  readonly db: Database;
  readonly secretBox: SecretBox;
  readonly keys: readonly SecretKey[];
  readonly files: FileStore;
  readonly claim: StoreClaim;
  readonly fileStore: FileStoreOptions;
  readonly dataDir: string;
  readonly issuer: Issuer;
  readonly notices: NoticeContext;
  readonly telemetry: Telemetry;
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

function engineContext(work: Workshop): Parameters<typeof startRunner>[0] {
  const { settings, options, db, secretBox, keys, fileStore, dataDir } = work;
  return {
    db: forExecuting(db),
    system: options.system,
    secretBox,
    secretKeys: keys,
    log: options.log,
    telemetry: work.telemetry,
    settings: {
      leaseSeconds: settings.leaseSeconds,
      batchItems: settings.batchItems,
      retry: {
        firstDelaySeconds: settings.retrySeconds,
        maximumDelaySeconds: settings.retryMaximumSeconds,
        quarantineDelaySeconds: settings.quarantineRetrySeconds,
      },
      retrySweepSeconds: DEFAULT_ENGINE_SETTINGS.retrySweepSeconds,
      readThreads: settings.readThreads ?? Math.min(availableParallelism(), MOST_READ_THREADS),
      // A zip is no way around the limits of files that come loose.
      zipLimits: {
        ...DEFAULT_ENGINE_SETTINGS.zipLimits,
        maxFileBytes: settings.uploadFileBytes,
        maxTotalBytes: settings.uploadBytes,
      },
      findingLimits: {
        ...DEFAULT_ENGINE_SETTINGS.findingLimits,
        errors: settings.findingErrors,
        warnings: settings.findingWarnings,
      },
      ...options.engine,
    },
    fileStore,
    snapshotsDirectory: join(dataDir, 'snapshots'),
    worker: `${hostname()} ${process.pid} ${options.system.newId().slice(-8)}`,
  };
}

function scheduleContext(work: Workshop, runner: Runner): Parameters<typeof startScheduler>[0] {
  const { settings, options, db, secretBox, files } = work;
  return {
    db,
    system: options.system,
    secretBox,
    files,
    log: options.log,
    watchDirectory: watchDirectoryOf(settings),
    uploadQuietSeconds: settings.uploadQuietSeconds,
    uploadLimits: uploadLimitsOf(settings),
    quarantineDelaySeconds: settings.quarantineRetrySeconds,
    wakeRun: waker(runner, options.log),
    removeObjects: bytesRemover(work),
  };
}

/** What was asked for is committed when a worker is woken: that this fails is no failure of the request, and the sweep finds the run. */
function waker(runner: Runner, log: Logger): (tenantId: string, runId: string) => Promise<void> {
  return (tenantId, runId) =>
    runner.wake(tenantId, runId).catch((error: unknown) => {
      log.warn({ runId, reason: messageOf(error) }, 'no worker could be woken; the next sweep finds the run');
    });
}

function watchDirectoryOf({ watchDir }: Settings): string | undefined {
  return watchDir === undefined ? undefined : resolve(watchDir);
}

function uploadLimitsOf(settings: Settings): UploadLimits {
  return {
    ...DEFAULT_UPLOAD_LIMITS,
    maxFileBytes: settings.uploadFileBytes,
    maxUploadBytes: settings.uploadBytes,
  };
}

function bytesRemover({ files, options }: Workshop): (names: readonly string[]) => Promise<void> {
  return (names) =>
    removeObjects(files, names, (error) =>
      options.log.warn({ err: error }, 'upload bytes could not be removed'),
    );
}

/** The identity providers of the settings. One that cannot be reached yet, or is set wrongly, is told in the log; the start goes on. */
function openExternal({ settings, options, db }: Workshop): ExternalIssuers | undefined {
  const external = externalIssuersOf(settings);
  if (external === undefined) return undefined;
  const issuers = openExternalIssuers({ db, system: options.system }, external);
  void warnOf(issuers, options.log);
  return issuers;
}

async function warnOf(issuers: ExternalIssuers, log: Logger): Promise<void> {
  for (const fault of await issuers.prepare()) log.warn(`tokens of OIDC_ISSUER cannot be checked: ${fault}`);
}

/** Profile jobs and the HTTP interface; a worker has neither. Answers where it listens. */
async function serve(
  work: Workshop,
  runner: Runner,
  schema: SchemaWatch,
  closers: Closers,
): Promise<readonly string[]> {
  const { settings, options, db, secretBox, files, issuer } = work;
  const { log, system } = options;
  if (settings.mode === 'worker') return [];
  const removeBytes = bytesRemover(work);
  const jobs = startProfileJobs({
    db,
    system,
    secretBox,
    removeObjects: removeBytes,
    onFailure: (profileId, error) => log.error({ profileId, err: error }, 'a profile job failed'),
  });
  closers.add(() => jobs.close());
  const readiness = watchReadiness(db, schema);
  const changes = followChanges(db, {
    onLost: (error) =>
      log.warn({ reason: messageOf(error) }, 'changes are not told of for now; they are looked for'),
  });
  closers.add(() => changes.stop());
  work.telemetry.metrics.beforeReading(async () => {
    work.telemetry.metrics.set('rollbook_ready', {}, (await readiness.check()).length === 0 ? 1 : 0);
  });
  const external = openExternal(work);
  const builtIn = settings.builtInIssuer === 'on' ? issuer : undefined;
  const context: HttpContext = {
    db,
    system,
    secretBox,
    files,
    settings: {
      publicUrl: settings.publicUrl,
      startWaitSeconds: settings.startWaitSeconds,
      uploadLimits: uploadLimitsOf(settings),
      version: options.version,
      metricsToken: settings.metricsToken,
    },
    log,
    telemetry: work.telemetry,
    ...(settings.applicationRequests === 0
      ? {}
      : { applicationLimit: applicationLimit(system, settings.applicationRequests) }),
    tokens: tokenVerifier(builtIn?.verify, external),
    ...(builtIn === undefined ? {} : { issuer: builtIn }),
    readiness,
    changes,
    profiles: {
      db,
      system,
      secretBox,
      startWaitSeconds: settings.startWaitSeconds,
      quarantineDelaySeconds: settings.quarantineRetrySeconds,
      watchDirectory: watchDirectoryOf(settings),
      wakeRun: waker(runner, log),
      wakeProfile: jobs.wake,
      removeObjects: removeBytes,
    },
    notices: work.notices,
  };
  const listening = await listen(
    buildServer(context),
    {
      host: settings.host,
      port: settings.port,
      httpsPort: settings.httpsPort,
      certificate: () => loadCertificate({ ...settings, dataDir: work.dataDir }, system),
      onCertificateFailure: (error) => log.error({ err: error }, 'the certificate could not be read again'),
    },
    system,
  );
  closers.add(() => {
    readiness.stop();
    return listening.close(GRACE_MS);
  });
  return listening.addresses;
}
