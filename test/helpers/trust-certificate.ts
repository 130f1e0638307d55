import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** Makes this process trust the self-signed certificate of a Rollbook, as NODE_EXTRA_CA_CERTS does for a process that starts. */
export async function trustCertificateOf(dataDir: string): Promise<void> {
  const certificate = await readFile(join(dataDir, 'tls', 'cert.pem'), 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), certificate]);
}
