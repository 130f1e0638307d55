import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';

/** Where the server listens: a folder for its Unix socket, or a TCP port of 127.0.0.1. */
export type ListenAddress = { readonly socketDirectory: string } | { readonly port: number };

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/**
 * The text of rollbook.conf. `durable: false` is for tests: a crash of the machine may then destroy the cluster.
 * Log lines are terse and without statements, because PostgreSQL puts the values of a failed row into details: no names of children in logs.
 */
export async function serverSettings(listen: ListenAddress, durable: boolean): Promise<string> {
  const settings: Record<string, string> = {
    listen_addresses: 'socketDirectory' in listen ? '' : '127.0.0.1',
    port: 'port' in listen ? String(listen.port) : '5432',
    unix_socket_directories: 'socketDirectory' in listen ? quoteListItem(listen.socketDirectory) : '',
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    max_connections: '100',
    shared_buffers: sharedBuffersOf(memoryOfMachine()),
    work_mem: '32MB',
    maintenance_work_mem: '128MB',
    max_wal_size: '8GB',
    min_wal_size: '256MB',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: '0.9',
    wal_level: 'minimal',
    max_wal_senders: '0',
    jit: 'off',
    random_page_cost: '1.1',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'on',
    log_directory: '../log',
    log_filename: 'postgres-%a.log',
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_file_mode: '0600',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  };
  if (await sharedMemoryIsScarce()) settings['dynamic_shared_memory_type'] = 'mmap';
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  );
  return `# Written by Rollbook at every start: changes here are lost.\n${lines.join('\n')}\n`;
}

/**
 * A quarter of the memory, which is what doctor asks for; 2 GiB at most. Keys are hashes: with less than the indexes of a first load need, each
 * new row reads a page and writes another one that has to make room (docs/performance.md). Memory that a small directory does not need is not taken.
 */
export function sharedBuffersOf(memoryBytes: number): string {
  return `${Math.round(Math.min(Math.max(memoryBytes / 4, 128 * MIB), 2 * GIB) / MIB)}MB`;
}

/** Of the machine, or of the container if that has less. */
function memoryOfMachine(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** The setting is a list: a comma or a space in the path must not divide it. */
function quoteListItem(item: string): string {
  return `"${item.replaceAll('"', '""')}"`;
}

/** Many containers have 64 MiB in /dev/shm, too little for parallel queries; PostgreSQL then uses files of its own. */
async function sharedMemoryIsScarce(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const shm = await statfs('/dev/shm').catch(() => undefined);
  return shm === undefined || shm.bsize * shm.bavail < GIB;
}
