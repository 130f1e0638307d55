import { cpus, totalmem } from 'node:os';

/** What figures were measured on, in one line. */
export function machineOf(): string {
  return `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}
