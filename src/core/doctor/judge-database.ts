import { type Check, checksOf, sizeText } from './check.ts';

const MIB = 1024 ** 2;

export interface ServerFacts {
  readonly versionNumber: number;
  readonly version: string;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  readonly synchronousCommit: string;
  readonly autovacuum: boolean;
  readonly sharedBuffersBytes: number;
  readonly workMemBytes: number;
  readonly maxWalBytes: number;
  readonly maxConnections: number;
  /** Kept for superusers, and for roles that PostgreSQL 16 knows. */
  readonly reservedConnections: number;
  readonly usedConnections: number;
  readonly statementTimeoutMs: number;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly encoding: string;
  readonly collation: string;
  /** The library that sorts is another one than that of the indexes. */
  readonly collationChanged: boolean;
  readonly checksums: boolean;
}

/** `neededConnections`: of this process at most. */
export function judgeServer(facts: ServerFacts, neededConnections: number): Check[] {
  return [
    judgeVersion(facts),
    ...judgeDurability(facts),
    ...judgeWritable(facts),
    judgeAutovacuum(facts),
    ...judgeSizes(facts),
    judgeConnections(facts, neededConnections),
    judgeTimeout(facts),
    ...judgeText(facts),
  ];
}

const { ok, warning, fault } = checksOf('database');

function judgeVersion({ version, versionNumber }: ServerFacts): Check {
  const found = `PostgreSQL ${version}.`;
  if (versionNumber >= 150_000) return ok('version', found);
  return fault('version', found, 'Rollbook needs PostgreSQL 15 or newer.');
}

function judgeDurability({ fsync, fullPageWrites, synchronousCommit, checksums }: ServerFacts): Check[] {
  const checks: Check[] = [];
  if (!fsync || !fullPageWrites) {
    const off = [fsync ? '' : 'fsync', fullPageWrites ? '' : 'full_page_writes'].filter(
      (name) => name !== '',
    );
    checks.push(
      fault(
        'durability',
        `${off.join(' and ')} ${off.length === 1 ? 'is' : 'are'} off: a crash of the machine may destroy the whole database.`,
        `Set ${off.map((name) => `${name} = on`).join(' and ')} in postgresql.conf and reload it.`,
      ),
    );
  } else if (synchronousCommit === 'off')
    checks.push(
      warning(
        'durability',
        'synchronous_commit is off: after a crash the last moments of a run, or of an answered request, are missing.',
        'Set synchronous_commit = on.',
      ),
    );
  else checks.push(ok('durability', `fsync is on, synchronous_commit is ${synchronousCommit}.`));
  checks.push(
    checksums
      ? ok('checksums', 'Pages have checksums: a disk that changes bytes is noticed.')
      : warning(
          'checksums',
          'Pages have no checksums: a disk that changes bytes is not noticed.',
          'Run pg_checksums --enable while PostgreSQL is stopped.',
        ),
  );
  return checks;
}

function judgeWritable({ isStandby, isReadOnly }: ServerFacts): Check[] {
  if (isStandby)
    return [
      fault(
        'takes writes',
        'This server is a standby: it takes no writes.',
        'Let DATABASE_URL lead to the primary, for instance with target_session_attrs=read-write.',
      ),
    ];
  if (isReadOnly)
    return [
      fault(
        'takes writes',
        'default_transaction_read_only is on: nothing can be written.',
        'Set default_transaction_read_only = off for this database and its roles.',
      ),
    ];
  return [];
}

function judgeAutovacuum({ autovacuum }: ServerFacts): Check {
  if (autovacuum) return ok('autovacuum', 'autovacuum is on.');
  return fault(
    'autovacuum',
    'autovacuum is off: tables grow without end, and plans become slow.',
    'Set autovacuum = on.',
  );
}

function judgeSizes({ sharedBuffersBytes, workMemBytes, maxWalBytes }: ServerFacts): Check[] {
  const sizes = [
    ['shared_buffers', sharedBuffersBytes, 128, 'a quarter of the memory, 256MB at least'],
    ['work_mem', workMemBytes, 16, '32MB'],
    ['max_wal_size', maxWalBytes, 1_024, '8GB'],
  ] as const;
  return sizes.map(([name, bytes, leastMib, advice]) => {
    const found = `${name} is ${sizeText(bytes)}.`;
    if (bytes >= leastMib * MIB) return ok(name, found);
    return warning(name, found, `Large syncs are slow with it. Set ${name} to ${advice}.`);
  });
}

/** A Rollbook that starts opens more than these at once, and one that runs may have closed some for now. */
const SPARE_CONNECTIONS = 5;

function judgeConnections(facts: ServerFacts, needed: number): Check {
  const { maxConnections, reservedConnections, usedConnections } = facts;
  const usable = maxConnections - reservedConnections;
  const found = `${usable} connections can be had, ${usedConnections} are used; one Rollbook takes up to ${needed}.`;
  if (usable < needed)
    return fault(
      'connections',
      found,
      `Set max_connections to ${needed + reservedConnections + 10} at least, and ${needed} more for each one beside it.`,
    );
  if (usable - usedConnections < SPARE_CONNECTIONS)
    return fault(
      'connections',
      found,
      `Hardly any are left. Raise max_connections, or end programs that hold connections: select * from pg_stat_activity shows them.`,
    );
  if (usable < needed * 2)
    return warning(
      'connections',
      found,
      `That is enough for one Rollbook. For another one set max_connections to ${needed * 2 + reservedConnections + 10}.`,
    );
  return ok('connections', found);
}

function judgeTimeout({ statementTimeoutMs }: ServerFacts): Check {
  if (statementTimeoutMs === 0 || statementTimeoutMs >= 3_600_000)
    return ok('statement_timeout', 'Statements may take as long as they need.');
  return warning(
    'statement_timeout',
    `Statements are ended after ${statementTimeoutMs / 1_000} s: plans of large rosters may take longer, and the run breaks off.`,
    'alter role rollbook_app set statement_timeout = 0; and the same for the role of DATABASE_URL.',
  );
}

function judgeText({ encoding, collation, collationChanged }: ServerFacts): Check[] {
  const checks = [
    encoding === 'UTF8'
      ? ok('encoding', 'The encoding of the database is UTF8.')
      : fault(
          'encoding',
          `The encoding of the database is ${encoding}: names that it cannot hold are refused.`,
          'Make a database with ENCODING UTF8 TEMPLATE template0, and restore a backup into it.',
        ),
  ];
  checks.push(
    collationChanged
      ? fault(
          'collation',
          `The library behind the collation ${collation} has changed: indexes on text may be wrong.`,
          'Run REINDEX DATABASE, then ALTER DATABASE ... REFRESH COLLATION VERSION.',
        )
      : ok('collation', `The collation is ${collation}.`),
  );
  return checks;
}
