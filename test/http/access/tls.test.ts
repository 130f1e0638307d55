import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadCertificate } from '#http/tls/load-certificate.ts';
import { makeSelfSignedCertificate } from '#http/tls/self-signed-certificate.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook({ https: true });
});
after(() => rollbook.stop());

function get(
  url: string,
  ca: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('https serves the same routes, with a certificate that a client can trust', async () => {
  const ca = await readFile(join(rollbook.dataDir, 'tls', 'cert.pem'), 'utf8');
  const { port } = new URL(rollbook.secureUrl);
  for (const host of ['127.0.0.1', 'localhost']) {
    const { status, body } = await get(
      `https://${host}:${port}/${rollbook.tenantId}/v2.0/.well-known/openid-configuration`,
      ca,
    );
    assert.equal(status, 200);
    assert.equal(
      (JSON.parse(body) as { issuer: string }).issuer,
      `https://${host}:${port}/${rollbook.tenantId}/v2.0`,
    );
  }
  const token = await rollbook.token();
  const { body } = await get(`https://localhost:${port}/v1.0/education/schools`, ca, {
    authorization: `Bearer ${token}`,
  });
  assert.match(
    body,
    new RegExp(`"https://localhost:${port}/v1\\.0/\\$metadata#education/schools"`),
    'a token from http is good for https',
  );
  await assert.rejects(get(`https://localhost:${port}/healthz`, ''), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  if (process.platform !== 'win32')
    assert.equal((await stat(join(rollbook.dataDir, 'tls', 'key.pem'))).mode & 0o777, 0o600);
});

const NOW = new Date('2026-08-01T00:00:00Z');
const at = (date: Date) => ({ now: () => date });
const settings = (dataDir: string) => ({
  dataDir,
  host: '127.0.0.1',
  publicUrl: undefined,
  tlsCert: undefined,
  tlsKey: undefined,
});

test('the self-signed certificate stays, until it runs out, lacks a name or is damaged', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollbook-tls-'));
  const own = settings(dataDir);
  const first = await loadCertificate(own, at(NOW));
  assert.deepEqual(await loadCertificate(own, at(NOW)), first);
  assert.deepEqual(await loadCertificate(own, at(new Date('2028-01-01T00:00:00Z'))), first);
  const renewed = await loadCertificate(own, at(new Date('2028-10-20T00:00:00Z')));
  assert.notDeepEqual(renewed, first, 'less than 30 days are left');
  assert.notDeepEqual(await loadCertificate(own, at(NOW)), renewed, 'it is not valid yet');

  const named = await loadCertificate(
    { ...own, host: 'roster.example', publicUrl: 'https://[2001:db8::1]:8443' },
    at(NOW),
  );
  const certificate = new X509Certificate(named.cert);
  assert.equal(
    certificate.subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:roster.example, IP Address:2001:DB8:0:0:0:0:0:1',
  );
  for (const host of ['0.0.0.0', '::']) {
    const everywhere = new X509Certificate((await loadCertificate({ ...own, host }, at(NOW))).cert);
    assert.ok(everywhere.checkHost(hostname().toLowerCase()), `listening at ${host}: the machine's own name`);
  }
  assert.ok(certificate.verify(certificate.publicKey));
  assert.equal(certificate.ca, false);

  await writeFile(join(dataDir, 'tls', 'cert.pem'), first.cert);
  const repaired = await loadCertificate(own, at(NOW));
  assert.ok(
    new X509Certificate(repaired.cert).checkPrivateKey(
      (await import('node:crypto')).createPrivateKey(repaired.key),
    ),
  );
  await writeFile(join(dataDir, 'tls', 'cert.pem'), 'damaged');
  assert.match((await loadCertificate(own, at(NOW))).cert, /^-----BEGIN CERTIFICATE-----\n/);
  await rm(dataDir, { recursive: true });
});

test('a given certificate is used; a wrong pair is refused with its files', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollbook-tls-'));
  const validity = { from: NOW, to: new Date('2027-01-01T00:00:00Z') };
  const [one, other] = [
    makeSelfSignedCertificate(['one'], validity),
    makeSelfSignedCertificate(['other'], validity),
  ];
  const path = (name: string): string => join(dataDir, name);
  await writeFile(path('one.pem'), one.cert);
  await writeFile(path('one.key'), one.key);
  await writeFile(path('other.key'), other.key);
  const given = (tlsCert: string, tlsKey: string) =>
    loadCertificate({ ...settings(dataDir), tlsCert: path(tlsCert), tlsKey: path(tlsKey) }, at(NOW));
  assert.deepEqual(await given('one.pem', 'one.key'), one);
  for (const [cert, key, message] of [
    ['one.pem', 'other.key', /not the private key/],
    ['none.pem', 'one.key', /none\.pem/],
    ['one.key', 'one.pem', /cannot be used/],
  ] as const)
    await assert.rejects(
      given(cert, key),
      (error: unknown) => error instanceof Error && message.test(error.message),
    );
  await rm(dataDir, { recursive: true });
});

test('OpenSSL reads the certificate, too', (t) => {
  const { cert } = makeSelfSignedCertificate(['localhost', '::1'], {
    from: NOW,
    to: new Date('2055-01-01T00:00:00Z'),
  });
  try {
    execFileSync('openssl', ['version']);
  } catch {
    t.diagnostic('openssl is not installed here; Node has read it in the tests above');
    return;
  }
  const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: cert, encoding: 'utf8' });
  assert.match(text, /Not After : Jan {2}1 00:00:00 2055 GMT/);
  assert.match(text, /TLS Web Server Authentication/);
});
