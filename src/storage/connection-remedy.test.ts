import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseError } from 'pg';
import { tlsRemedyOf } from './connection-remedy.ts';

const refusal = (code: string, message: string): DatabaseError =>
  Object.assign(new DatabaseError(message, 0, 'error'), { code });
const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/** As pg and Node put them. */
const CASES: readonly (readonly [Error, RegExp | null])[] = [
  [failure('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), /&sslrootcert=/],
  [failure('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'), /&sslrootcert=/],
  [failure('ERR_TLS_CERT_ALTNAME_INVALID', 'Host: db. is not in the cert'), /as the certificate/],
  [refusal('28000', 'no pg_hba.conf entry for host "10.0.0.1", user "x", no encryption'), /\?sslmode=/],
  [refusal('28000', 'no pg_hba.conf entry for host "10.0.0.1", user "x", SSL encryption'), null],
  [refusal('28P01', 'password authentication failed'), null],
  [new Error('The server does not support SSL connections'), /ssl = on/],
  [failure('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'), null],
];
for (const [error, expected] of CASES)
  test(`${error.message}: ${expected === null ? 'nothing about TLS' : 'what to change'}`, () => {
    const remedy = tlsRemedyOf(error);
    if (expected === null) assert.equal(remedy, null);
    else assert.match(remedy ?? '', expected);
  });
