import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, isIP } from 'node:net';
import { join } from 'node:path';
import { type Check, checksOf } from '#core/doctor/check.ts';
import { judgeCertificate } from '#core/doctor/judge-certificate.ts';
import { messageOf } from '#lib/errors.ts';

import type { Patient } from './examine.ts';

const { ok, warning, fault } = checksOf('network');
const ANSWER_MS = 3_000;

/** Ports, the running service, and the certificate. */
export async function examineNetwork(patient: Patient): Promise<Check[]> {
  const { settings } = patient;
  const checks = await runningService(patient);
  const ports = [
    ['METRICS_PORT', settings.metricsHost, settings.metricsPort],
    ...(settings.mode === 'worker'
      ? []
      : [
          ['PORT', settings.host, settings.port] as const,
          ['HTTPS_PORT', settings.host, settings.httpsPort] as const,
        ]),
  ] as const;
  for (const [name, host, port] of ports)
    if (port !== 'off' && port !== 0) checks.push(await examinePort(patient, name, host, port));
  if (settings.mode !== 'worker' && settings.httpsPort !== 'off')
    checks.push(await examineCertificate(patient));
  return checks;
}

async function runningService({ running, version, dataDir }: Patient): Promise<Check[]> {
  if (running === null) return [ok('service', `No Rollbook runs on ${dataDir}.`)];
  const [address] = running.addresses;
  if (address === undefined) return [ok('service', `A Rollbook runs (process ${running.pid}).`)];
  try {
    // By the number of the port: the name of a host that listens everywhere leads nowhere.
    const own = new URL(address);
    if (['0.0.0.0', '[::]'].includes(own.hostname)) own.hostname = '127.0.0.1';
    if (own.protocol === 'https:') return [ok('service', `A Rollbook runs at ${address}.`)];
    const answer = await fetch(new URL('/healthz', own), { signal: AbortSignal.timeout(ANSWER_MS) });
    const { version: theirs } = (await answer.json()) as { version?: string };
    if (theirs === version) return [ok('service', `Rollbook ${version} runs at ${address}.`)];
    return [
      warning(
        'service',
        `Rollbook ${theirs ?? '?'} runs at ${address}; this is ${version}.`,
        'Restart the service, so that it is the version that is installed.',
      ),
    ];
  } catch (error) {
    return [
      fault(
        'service',
        `The Rollbook of process ${running.pid} does not answer at ${address}: ${messageOf(error)}.`,
        'Look at its log; stop it and start it again.',
      ),
    ];
  }
}

async function examinePort({ running }: Patient, name: string, host: string, port: number): Promise<Check> {
  const isOurs = running?.addresses.some((address) => new URL(address).port === String(port)) === true;
  if (isOurs) return ok('ports', `${name} ${port} is served by the Rollbook that runs.`);
  const error = await tryListen(host, port);
  if (error === null) return ok('ports', `${name} ${port} at ${host} is free.`);
  if (error.code === 'EADDRINUSE' && running !== null && name === 'METRICS_PORT')
    return ok('ports', `${name} ${port} is in use, and a Rollbook runs.`);
  const remedy =
    error.code === 'EADDRINUSE'
      ? `Stop the program that has it, or choose another ${name}.`
      : error.code === 'EACCES'
        ? `Choose a port from 1024 on, or give the program the right to bind lower ones.`
        : 'Set HOST to an address of this machine.';
  return fault(
    'ports',
    `${name} ${port} at ${host} cannot be opened: ${error.code ?? error.message}.`,
    remedy,
  );
}

function tryListen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => resolve(null));
    });
  });
}

async function examineCertificate({ settings, dataDir, system }: Patient): Promise<Check> {
  const { tlsCert, tlsKey, publicUrl } = settings;
  const given = tlsCert !== undefined && tlsKey !== undefined;
  const path = given ? tlsCert : join(dataDir, 'tls', 'cert.pem');
  const pem = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (pem instanceof Error) {
    if (!given && pem.code === 'ENOENT')
      return ok('certificate', 'There is none yet: the first start makes one.');
    return fault(
      'certificate',
      `${path} cannot be read: ${messageOf(pem)}.`,
      'Let the user of Rollbook read it.',
    );
  }
  try {
    const certificate = new X509Certificate(pem);
    const key = given ? createPrivateKey(await readFile(tlsKey, 'utf8')) : null;
    return judgeCertificate(
      {
        given,
        path,
        validFrom: certificate.validFromDate,
        validTo: certificate.validToDate,
        matchesKey: key === null || certificate.checkPrivateKey(key),
        missingName: given ? missingNameOf(certificate, publicUrl) : null,
      },
      system.now(),
    );
  } catch (error) {
    return fault(
      'certificate',
      `${given ? 'TLS_CERT and TLS_KEY' : path} cannot be used: ${messageOf(error)}.`,
      'Both are PEM files: the certificate with its chain, and the private key.',
    );
  }
}

function missingNameOf(certificate: X509Certificate, publicUrl: string | undefined): string | null {
  if (publicUrl === undefined || !publicUrl.startsWith('https:')) return null;
  const name = new URL(publicUrl).hostname.replace(/^\[(.*)\]$/, '$1');
  const covers = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  return covers === undefined ? name : null;
}
