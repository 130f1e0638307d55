import { OperationalError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { migrate, type MigrationReport } from './migrate.ts';
import { findRunningPostgres, startPostgres } from './postgres-server/start-postgres.ts';
import { APP_PASSWORD_PURPOSE, prepareRoles } from './roles.ts';

export interface StorageSettings {
  readonly dataDir: string;
  /** Undefined: the embedded server of the data directory. */
  readonly databaseUrl: string | undefined;
  readonly secretBox: Pick<SecretBox, 'deriveKey'>;
  readonly database?: DatabaseOptions;
  /** Told what takes time, one sentence each. */
  readonly onProgress?: (sentence: string) => void;
  /** Told when the embedded server was gone and is started again, or cannot be. */
  readonly onTrouble?: (sentence: string) => void;
}

/** The database, ready for work, and the embedded server where there is one. */
export interface Storage extends MigrationReport {
  readonly db: Database;
  readonly embedded: boolean;
  /** Superuser of the embedded server or DATABASE_URL: for restore. Holds a password, never log it. */
  readonly url: string;
  /** Closes the pools and stops the embedded server. */
  close(): Promise<void>;
}

/**
 * Starts or finds PostgreSQL, prepares roles, migrates, opens the pools. For the embedded server the caller holds the lock of the
 * data directory (acquireLock). Throws the OperationalErrors of startPostgres, prepareRoles and migrate; nothing stays running then.
 */
export async function openStorage(settings: StorageSettings): Promise<Storage> {
  const { databaseUrl, onProgress, onTrouble } = settings;
  const server =
    databaseUrl === undefined
      ? await startPostgres(settings.dataDir, {
          keepRunning: true,
          ...(onProgress === undefined ? {} : { onProgress }),
          ...(onTrouble === undefined ? {} : { onTrouble }),
        })
      : undefined;
  const url = databaseUrl ?? server?.url ?? '';
  try {
    const address = await prepareRoles({
      url,
      appPassword: appPassword(settings.secretBox),
      serverIsOurs: server !== undefined,
    });
    const report = await migrate(address.ownerConnectionString);
    const db = openDatabase(address, { ...settings.database, knownSchema: report.schemaVersion });
    return {
      ...report,
      db,
      url,
      embedded: server !== undefined,
      async close() {
        await db.close();
        await server?.stop();
      },
    };
  } catch (error) {
    await server?.stop();
    throw error;
  }
}

/**
 * Opens the database that another process of this Rollbook has started, without touching its schema: for `backup` beside a
 * running server. Throws OperationalError `NotRunning` when the embedded server does not run.
 */
export async function openRunningStorage(
  settings: Pick<StorageSettings, 'dataDir' | 'databaseUrl' | 'secretBox'>,
): Promise<Database> {
  const url = settings.databaseUrl ?? (await findRunningPostgres(settings.dataDir));
  if (url === undefined) {
    throw new OperationalError(
      'NotRunning',
      `No database of ${settings.dataDir} is running. Start Rollbook first.`,
    );
  }
  const address = await prepareRoles({
    url,
    appPassword: appPassword(settings.secretBox),
    serverIsOurs: false,
  });
  return openDatabase(address, { appConnections: 2, ownerConnections: 2, applicationName: 'rollbook tool' });
}

function appPassword(secretBox: Pick<SecretBox, 'deriveKey'>): string {
  return secretBox.deriveKey(APP_PASSWORD_PURPOSE, 32).toString('base64url');
}
