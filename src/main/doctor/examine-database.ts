import { openSecretBox } from '#access/open-secret-box.ts';
import type { SecretKey } from '#access/secret-key.ts';
import { type Check, checksOf } from '#core/doctor/check.ts';
import { judgeServer } from '#core/doctor/judge-database.ts';
import { judgeClock } from '#core/doctor/judge-machine.ts';
import type { Settings } from '#core/settings.ts';
import { messageOf } from '#lib/errors.ts';
import { tlsRemedyOf } from '#storage/connection-remedy.ts';
import { connectionStringFor } from '#storage/connection-string.ts';
import { databaseErrorOf } from '#storage/database-errors.ts';
import { mostConnections } from '#storage/database.ts';
import { isPooledByTransaction } from '#storage/doctor/is-pooled-by-transaction.ts';
import { readRollbookFacts, type RollbookFacts } from '#storage/doctor/read-rollbook-facts.ts';
import {
  openLook,
  readClockDifference,
  readServerFacts,
  ServerTooOldError,
} from '#storage/doctor/read-server-facts.ts';
import { findRunningPostgres } from '#storage/postgres-server/start-postgres.ts';
import { APP_PASSWORD_PURPOSE } from '#storage/roles.ts';

import type { Patient } from './examine.ts';

const { ok, warning, fault, unknown } = checksOf('database');

/** PostgreSQL, what is in it of Rollbook, and whether SECRET_KEY is that of its secrets. */
export async function examineDatabase(patient: Patient, keys: readonly SecretKey[] | null): Promise<Check[]> {
  const { settings, dataDir, system } = patient;
  const url = settings.databaseUrl ?? (await findRunningPostgres(dataDir).catch(() => undefined));
  if (url === undefined)
    return [
      unknown(
        'reachable',
        'The PostgreSQL of the data directory does not run, so its settings and its content were not looked at.',
        'Start Rollbook and ask again.',
      ),
    ];
  const client = await openLook(url).catch((error: unknown) => notReached(error, settings));
  if ('health' in client) return [client];
  try {
    const pooled = await isPooledByTransaction(url).catch((error: unknown) => notReached(error, settings));
    // It needs two more connections, and gets none.
    if (typeof pooled === 'object') return [pooled];
    const checks = [
      ok('reachable', 'PostgreSQL answers.'),
      pooled
        ? fault(
            'pooler',
            'A pooler in transaction mode stands before PostgreSQL: sessions change under Rollbook.',
            'Let DATABASE_URL lead to PostgreSQL itself, or set pool_mode = session.',
          )
        : ok('pooler', 'Each connection keeps its session.'),
    ];
    const facts = await readServerFacts(client).catch((error: unknown) => {
      if (error instanceof ServerTooOldError) return error;
      throw error;
    });
    if (facts instanceof ServerTooOldError)
      return [
        ...checks,
        fault('version', `PostgreSQL ${facts.version}.`, 'Rollbook needs PostgreSQL 15 or newer.'),
      ];
    checks.push(...judgeServer(facts, mostConnections(settings.runConcurrency)));
    checks.push(judgeClock(await readClockDifference(client, () => system.now())));
    const content = await readRollbookFacts(client).catch((error: unknown) => messageOf(error));
    if (typeof content === 'string')
      return [...checks, unknown('schema', `It could not be looked at: ${content}.`)];
    if (content.powerlessLogin !== null) return [...checks, judgeLogin(content.powerlessLogin)];
    return [
      ...checks,
      judgeSchema(content),
      ...judgeRoles(content),
      ...judgeZones(content),
      ...(await judgeKey(content, keys, url, patient)),
    ];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Why there is no connection. A server that takes no more of them runs, and the password is right. */
function notReached(error: unknown, { databaseUrl }: Pick<Settings, 'databaseUrl'>): Check {
  const rest = 'Its settings and its content were not looked at.';
  if (databaseErrorOf(error)?.sqlState === '53300')
    return fault(
      'connections',
      `PostgreSQL takes no more connections: ${messageOf(error)}. ${rest}`,
      'Raise max_connections, and the limits of the role and of the database if they have some; or end programs that hold connections: select * from pg_stat_activity shows them to an administrator.',
    );
  return fault(
    'reachable',
    `PostgreSQL cannot be reached: ${messageOf(error)}. ${rest}`,
    databaseUrl === undefined
      ? 'Start Rollbook again, and look at the log of PostgreSQL.'
      : (tlsRemedyOf(error) ?? 'Start it, and check host, port, name and password in DATABASE_URL.'),
  );
}

function judgeLogin(login: string): Check {
  return fault(
    'rights of the login',
    `The login of DATABASE_URL (${login}) may not set up the two roles that Rollbook works with, and they are not there or it is no member of rollbook_owner.`,
    'Start Rollbook once: it prints what an administrator of the database has to run. Or use a login that may make roles and owns the database.',
  );
}

function judgeSchema({ schemaVersion, newestMigration }: RollbookFacts): Check {
  if (schemaVersion === null)
    return ok('schema', 'The database has nothing of Rollbook yet; the first start makes it.');
  const found = `The schema is ${schemaVersion}, this version of Rollbook has ${newestMigration}.`;
  if (schemaVersion === newestMigration) return ok('schema', found);
  if (schemaVersion < newestMigration)
    return warning('schema', found, 'The next start migrates it. Make a backup before.');
  return fault(
    'schema',
    found,
    'A newer Rollbook was here: start that version or a later one. There is no way back but a backup.',
  );
}

function judgeRoles({ appIsBound }: RollbookFacts): Check[] {
  if (appIsBound === null) return [];
  if (appIsBound) return [ok('roles', 'rollbook_app is bound by row-level security.')];
  return [
    fault(
      'roles',
      'rollbook_app is a superuser or may bypass row-level security: tenants would see each other.',
      'alter role rollbook_app nosuperuser nobypassrls;',
    ),
  ];
}

function judgeZones({ timeZones }: RollbookFacts): Check[] {
  const unknownZones = timeZones.filter((zone) => {
    try {
      return Intl.DateTimeFormat('en', { timeZone: zone }).format(0) === '';
    } catch {
      return true;
    }
  });
  if (timeZones.length === 0) return [];
  if (unknownZones.length === 0) return [ok('time zones', 'The time zones of all tenants are known.')];
  return [
    fault(
      'time zones',
      `Time zones of tenants that this Node.js does not know: ${unknownZones.join(', ')}.`,
      'Use a newer Node.js, or one with full ICU.',
    ),
  ];
}

/** Two proofs: a stored secret opens, and rollbook_app logs in with the password that is made from the key. */
async function judgeKey(
  { sealed, appIsBound }: RollbookFacts,
  keys: readonly SecretKey[] | null,
  url: string,
  { system }: Patient,
): Promise<Check[]> {
  const secrets = checksOf('secrets');
  const name = 'SECRET_KEY is right';
  const remedy =
    'Give Rollbook the key it had (SECRET_KEY, or secret.key in DATA_DIR). After a change of keys keep the old one beside the new one.';
  if (sealed === null) return [];
  if (keys === null)
    return [secrets.fault(name, 'The database has secrets, and there is no key to open them.', remedy)];
  const secretBox = openSecretBox(keys, system);
  try {
    secretBox.open(sealed);
  } catch {
    return [secrets.fault(name, 'A secret in the database cannot be opened with this key.', remedy)];
  }
  if (appIsBound === null) return [secrets.ok(name, 'It opens the secrets of the database.')];
  const password = secretBox.deriveKey(APP_PASSWORD_PURPOSE, 32).toString('base64url');
  const asApp = connectionStringFor(url, { user: 'rollbook_app', password, settings: {} });
  const failure = await openLook(asApp).then(
    async (app) => {
      await app.end();
      return null;
    },
    (error: unknown) => messageOf(error),
  );
  if (failure === null)
    return [secrets.ok(name, 'It opens the secrets of the database, and rollbook_app logs in with it.')];
  return [
    secrets.fault(
      name,
      `It opens the secrets of the database, but rollbook_app cannot log in: ${failure}.`,
      'Start Rollbook: it says what an administrator of the database has to run.',
    ),
  ];
}
