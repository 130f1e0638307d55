import assert from 'node:assert/strict';
import { test } from 'node:test';

import { whyNotPublic } from './public-address.ts';
import { checkWebhookUrl } from './webhook-url.ts';

const PUBLIC = [
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '168.63.129.15',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001:800::200e',
  '2001:200::1',
];
for (const address of PUBLIC) test(`${address} is public`, () => assert.equal(whyNotPublic(address), null));

const REFUSED = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '203.0.113.7',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '0:0:0:0:0:ffff:7f00:1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '1.2.3.4/8',
  ':::',
  '1::2::3',
  '',
];
for (const address of REFUSED)
  test(`${address} is not public`, () => assert.notEqual(whyNotPublic(address), null));

const REFUSED_URLS: readonly [string, RegExp][] = [
  ['https://127.0.0.1/x', /this machine/],
  ['https://0x7f000001/', /this machine/],
  ['https://2130706433/', /this machine/],
  ['https://0177.0.0.1/', /this machine/],
  ['https://127.1/', /this machine/],
  ['https://[::ffff:127.0.0.1]/', /not of the public internet/],
  ['https://[::1]:8443/', /not of the public internet/],
  ['https://[64:ff9b::7f00:1]/', /not of the public internet/],
  ['https://0/', /this machine/],
  ['https://169.254.169.254/latest/meta-data', /metadata/],
  ['https://１２７.0.0.1/', /this machine/],
  ['https://localhost/', /this machine/],
  ['https://LOCALHOST./', /this machine/],
  ['https://a.localhost/', /this machine/],
  ['http://hooks.contoso.com/', /Use https/],
  ['https://me:secret@hooks.contoso.com/', /user name or a password/],
  ['https://token@hooks.contoso.com/', /user name or a password/],
  ['https://hooks.contoso.com/#part', /fragment/],
  ['ftp://hooks.contoso.com/', /https/],
  ['file:///etc/passwd', /https/],
  ['javascript:alert(1)', /https/],
  ['hooks.contoso.com', /absolute URL/],
  ['https://hooks.contoso.com/a b', /absolute URL/],
  ['https://hooks.contoso.com/\r\nX: y', /absolute URL/],
  ['', /absolute URL/],
  [`https://hooks.contoso.com/${'x'.repeat(3_000)}`, /longer/],
];
for (const [url, message] of REFUSED_URLS) {
  test(`a webhook to ${JSON.stringify(url).slice(0, 60)} is refused`, () => {
    const checked = checkWebhookUrl(url, ['10.0.0.5', 'hooks.internal']);
    assert.ok('fault' in checked, url);
    assert.match(checked.fault, message);
  });
}

test('a host that may be private is reached by its name, its address, and without TLS', () => {
  for (const url of [
    'http://hooks.internal:8080/x',
    'https://HOOKS.internal./',
    'http://10.0.0.5/',
    'http://[fd00::5]/',
  ]) {
    const checked = checkWebhookUrl(url, ['10.0.0.5', 'hooks.internal', 'fd00::5']);
    assert.ok('url' in checked && checked.isPrivate, url);
  }
  const other = checkWebhookUrl('https://hooks.contoso.com/rollbook?token=1', ['hooks.internal']);
  assert.ok('url' in other && !other.isPrivate);
});
