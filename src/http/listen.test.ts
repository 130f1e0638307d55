import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { connect } from 'node:tls';

import fastify from 'fastify';

import { realSystem, type System } from '#lib/system.ts';

import { listen } from './listen.ts';
import { type CertificatePair, makeSelfSignedCertificate } from './tls/self-signed-certificate.ts';

const HOUR_MS = 3_600_000;

function makePair(): CertificatePair {
  const now = Date.now();
  return makeSelfSignedCertificate(['127.0.0.1'], {
    from: new Date(now - HOUR_MS),
    to: new Date(now + 24 * HOUR_MS),
  });
}

/** The certificate that a client is shown. */
function shownAt(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(address);
    // Not trusted: only looked at.
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? 'none');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('a renewed certificate is served within the hour, without a restart; one that cannot be read changes nothing', async (t) => {
  let wake = (): void => undefined;
  let asleep = (): void => undefined;
  let sleeps = 0;
  const system: System = {
    ...realSystem,
    sleep(ms, signal) {
      assert.equal(ms, HOUR_MS);
      sleeps += 1;
      return new Promise((resolve) => {
        wake = resolve;
        signal?.addEventListener('abort', () => resolve());
        asleep();
      });
    },
  };
  /** Until what comes after it is done. */
  const anHour = (): Promise<void> =>
    new Promise((resolve) => {
      asleep = resolve;
      wake();
    });

  const [first, second] = [makePair(), makePair()];
  const fingerprintOf = ({ cert }: CertificatePair): string => new X509Certificate(cert).fingerprint256;
  const damage = new Error('damaged');
  let asked = 0;
  let certificate = (): CertificatePair => first;
  const failures: unknown[] = [];
  const listening = await listen(
    fastify(),
    {
      host: '127.0.0.1',
      port: 'off',
      httpsPort: 0,
      certificate: () => {
        asked += 1;
        return new Promise((resolve) => resolve(certificate()));
      },
      onCertificateFailure: (error) => failures.push(error),
    },
    system,
  );
  t.after(() => listening.close(0));
  const [address = ''] = listening.addresses;
  assert.equal(sleeps, 1, 'it waits for the next hour');
  assert.equal(await shownAt(address), fingerprintOf(first));
  certificate = () => second;
  await anHour();
  assert.equal(await shownAt(address), fingerprintOf(second));
  certificate = () => {
    throw damage;
  };
  await anHour();
  assert.deepEqual(failures, [damage]);
  assert.equal(await shownAt(address), fingerprintOf(second));

  await listening.close(0);
  wake();
  await realSystem.sleep(0);
  assert.equal(asked, 3, 'nothing is asked for any more');
});
