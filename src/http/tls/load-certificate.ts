import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { messageOf, OperationalError } from '#lib/errors.ts';
import type { System } from '#lib/system.ts';
import { replaceFile } from '#storage/replace-file.ts';
import { makeSelfSignedCertificate, type CertificatePair } from './self-signed-certificate.ts';

export interface CertificateSettings {
  readonly dataDir: string;
  readonly host: string;
  readonly publicUrl: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
}

const DAY_MS = 86_400_000;
/** The longest that Apple's systems take. */
const LIFETIME_DAYS = 825;
const RENEW_BEFORE_DAYS = 30;

/**
 * The certificate that was given, else the self-signed one of DATA_DIR/tls, made again when it runs out or lacks a name.
 * Errors: OperationalError `CertificateInvalid`.
 */
export async function loadCertificate(
  settings: CertificateSettings,
  system: Pick<System, 'now'>,
): Promise<CertificatePair> {
  const { tlsCert, tlsKey } = settings;
  if (tlsCert !== undefined && tlsKey !== undefined) return readGiven(tlsCert, tlsKey);
  const directory = join(settings.dataDir, 'tls');
  const paths = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  const names = namesOf(settings);
  const found = await readPair(paths).catch(() => undefined);
  const now = system.now();
  if (found !== undefined && isGood(found, names, now)) return found;
  const made = makeSelfSignedCertificate(names, {
    from: new Date(now.getTime() - DAY_MS),
    to: new Date(now.getTime() + LIFETIME_DAYS * DAY_MS),
  });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A crash between the two leaves a pair that does not match, which the next start makes anew.
  await replaceFile(paths.key, made.key, 0o600);
  await replaceFile(paths.cert, made.cert, 0o644);
  return made;
}

async function readGiven(certPath: string, keyPath: string): Promise<CertificatePair> {
  try {
    const pair = await readPair({ cert: certPath, key: keyPath });
    if (matches(pair)) return pair;
  } catch (error) {
    throw new OperationalError(
      'CertificateInvalid',
      `TLS_CERT (${certPath}) and TLS_KEY (${keyPath}) cannot be used: ${messageOf(error)}`,
      { cause: error },
    );
  }
  throw new OperationalError(
    'CertificateInvalid',
    `TLS_KEY (${keyPath}) is not the private key of the certificate in TLS_CERT (${certPath}).`,
  );
}

async function readPair(paths: { readonly cert: string; readonly key: string }): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([readFile(paths.cert, 'utf8'), readFile(paths.key, 'utf8')]);
  return { cert, key };
}

function matches({ cert, key }: CertificatePair): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}

function isGood(pair: CertificatePair, names: readonly string[], now: Date): boolean {
  try {
    const certificate = new X509Certificate(pair.cert);
    const renewAt = certificate.validToDate.getTime() - RENEW_BEFORE_DAYS * DAY_MS;
    const covers = names.every((name) =>
      isIP(name) === 0 ? certificate.checkHost(name) !== undefined : certificate.checkIP(name) !== undefined,
    );
    return covers && now.getTime() < renewAt && now >= certificate.validFromDate && matches(pair);
  } catch {
    return false;
  }
}

/** What clients may call this service. Listening everywhere: the machine's own name, too. */
function namesOf(settings: CertificateSettings): string[] {
  const { host, publicUrl } = settings;
  const everywhere = host === '0.0.0.0' || host === '::';
  const publicHost = publicUrl === undefined ? [] : [new URL(publicUrl).hostname.replace(/^\[(.*)\]$/, '$1')];
  const names = ['localhost', '127.0.0.1', '::1', everywhere ? hostname() : host, ...publicHost];
  return [...new Set(names.map((name) => name.toLowerCase()))];
}
