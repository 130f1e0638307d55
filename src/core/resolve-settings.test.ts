import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printableValue, resolveSettings, SettingsError } from './resolve-settings.ts';

const resolve = (env: Record<string, string>, flags: Record<string, string> = {}) =>
  resolveSettings({ env, flags });

test('defaults are those of the contract', () => {
  const { values, origins } = resolve({});
  assert.equal(values.port, 8080);
  assert.equal(values.httpsPort, 8443);
  assert.equal(values.host, '127.0.0.1');
  assert.equal(values.dataDir, './data');
  assert.equal(values.startWaitSeconds, 20);
  assert.equal(values.databaseUrl, undefined);
  assert.equal(origins.port, 'default');
});

test('a flag wins over the environment, the environment over the default; empty is none', () => {
  const { values, origins } = resolve({ PORT: '1', HOST: '::1', DATA_DIR: ' ' }, { port: '2' });
  assert.deepEqual([values.port, origins.port], [2, 'flag']);
  assert.deepEqual([values.host, origins.host], ['::1', 'environment']);
  assert.deepEqual([values.dataDir, origins.dataDir], ['./data', 'default']);
});

test('wrong values are all named, with where they came from', () => {
  const wrong: [Record<string, string>, Record<string, string>, RegExp][] = [
    [{ PORT: '99999' }, {}, /^PORT \(environment\) is "99999" and has to be a port/],
    [{}, { port: '-1' }, /^--port is "-1"/],
    [{ PORT: '8080x' }, {}, /has to be a port/],
    [{ START_WAIT_SECONDS: '1.5' }, {}, /whole number from 0 to 600/],
    [{ LOG_LEVEL: 'loud' }, {}, /one of trace, debug/],
    [{ HOST: 'http://x' }, {}, /without scheme/],
    [{ PUBLIC_URL: 'roster.example' }, {}, /a URL such as/],
    [{ PUBLIC_URL: 'https://u:p@x' }, {}, /a URL such as/],
    [{ DATABASE_URL: 'mysql://secret' }, {}, /^DATABASE_URL \(environment\) has to be/],
    [{ TLS_CERT: 'a.pem' }, {}, /belong together/],
    [{ SMTP_URL: 'smtp://mail.example' }, {}, /SMTP_URL and SMTP_FROM belong together/],
    [{ SMTP_URL: 'http://me:hush@mail', SMTP_FROM: 'a@b.c' }, {}, /^SMTP_URL \(environment\) has to be/],
    [{ SMTP_URL: 'smtp://mail.example', SMTP_FROM: 'a@b.c\nx' }, {}, /SMTP_FROM.* an e-mail address/s],
    [{ NOTICE_PRIVATE_HOSTS: 'http://x' }, {}, /host names or IP addresses/],
    [{ PORT: 'off', HTTPS_PORT: 'off' }, {}, /both off/],
    [{ PORT: 'x', HOST: '/' }, {}, /PORT.*\nHOST/],
  ];
  for (const [env, flags, message] of wrong) {
    assert.throws(
      () => resolve(env, flags),
      (error: unknown) => error instanceof SettingsError && message.test(error.message),
      JSON.stringify(env),
    );
  }
});

test('secrets are not printed', () => {
  const url = 'postgresql://me:hush@db/x?sslpassword=hush&a=1';
  assert.equal(printableValue('databaseUrl', url), 'postgresql://me:********@db/x?sslpassword=********&a=1');
  assert.equal(printableValue('databaseUrl', 'postgresql://me:h@sh@db/x'), 'postgresql://me:********@db/x');
  assert.equal(printableValue('databaseUrl', 'postgresql://me:12?sh@db/x'), 'postgresql://me:********@db/x');
  assert.equal(printableValue('smtpUrl', 'smtps://me:hush@mail:465'), 'smtps://me:********@mail:465');
  assert.equal(printableValue('secretKey', 'v1:abc'), '********');
  assert.equal(printableValue('secretKey', undefined), '');
  assert.equal(printableValue('port', 'off'), 'off');
});

test('a URL of the database that would lead elsewhere is refused, and its password is not shown', () => {
  const read = (url: string): string | undefined =>
    resolveSettings({ flags: {}, env: { DATABASE_URL: url } }).values.databaseUrl;
  for (const password of ['h#sh', 'h/sh', '12#sh', '12/sh'])
    assert.throws(
      () => read(`postgresql://me:${password}@db/x`),
      (error: Error) => /DATABASE_URL .*%23 %2F/.test(error.message) && !error.message.includes('sh@'),
      password,
    );
  for (const url of [
    'postgresql://me:h%23%2Fsh@db:5433/x',
    'postgresql://me:h@sh@db/x',
    'postgresql:///x?host=%2Fvar%2Frun',
    'postgres://[::1]/x',
  ])
    assert.equal(read(url), url);
});

test('TLS to the database checks whose the server is, whichever word asks for it', () => {
  const read = (query: string): string | undefined =>
    resolve({ DATABASE_URL: `postgresql://me:h@db/x${query}` }).values.databaseUrl;
  for (const word of ['prefer', 'require', 'verify-ca', 'verify-full'])
    assert.equal(
      read(`?a=1&sslmode=${word}&b=2`),
      'postgresql://me:h@db/x?a=1&sslmode=verify-full&b=2',
      word,
    );
  for (const query of ['', '?sslmode=disable', '?sslmode=no-verify', '?uselibpqcompat=true&sslmode=require'])
    assert.equal(read(query), `postgresql://me:h@db/x${query}`);
});

test('hosts are lower case, without blanks and brackets', () => {
  const { values } = resolve({ NOTICE_PRIVATE_HOSTS: ' Hooks.Internal, [FD00::5],10.0.0.5' });
  assert.equal(values.noticePrivateHosts, 'hooks.internal,fd00::5,10.0.0.5');
});

test('a public address loses its slash', () => {
  assert.equal(resolve({ PUBLIC_URL: 'https://R.example/x/' }).values.publicUrl, 'https://r.example/x');
});
