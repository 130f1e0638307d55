import type { Logger } from 'pino';
import { type ExternalIssuers, openExternalIssuers } from '#access/external/external-issuers.ts';
import { tokenVerifier } from '#access/token-verifier.ts';
import { externalIssuersOf } from '#core/oidc-settings.ts';
import { startProfileJobs } from '#engine/profiles/profile-jobs.ts';
import type { Runner } from '#engine/runner.ts';
import type { HttpContext } from '#http/context.ts';
import { applicationLimit } from '#http/limits/application-limit.ts';
import { listen } from '#http/listen.ts';
import { buildServer } from '#http/server.ts';
import { loadCertificate } from '#http/tls/load-certificate.ts';
import { messageOf } from '#lib/errors.ts';
import { followChanges } from '#storage/change-feed.ts';
import type { Closers } from './closers.ts';
import { watchReadiness } from './readiness.ts';
import type { SchemaWatch } from './schema-watch.ts';
import { bytesRemover, uploadLimitsOf, waker, watchDirectoryOf, type Workshop } from './workshop.ts';

/** Answers under way get so long at a stop; `start` waits the longest. */
const GRACE_MS = 25_000;
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
export async function serve(
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
