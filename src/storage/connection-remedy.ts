import { DatabaseError } from 'pg';

const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What to change in DATABASE_URL when PostgreSQL and we do not agree on TLS; null: something else is wrong. Servers elsewhere often take nothing else. */
export function tlsRemedyOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (UNKNOWN_AUTHORITY.has(code))
    return 'Add ?sslmode=verify-full&sslrootcert=/path/ca.pem to DATABASE_URL: the file with the certificate of the authority that signed that of the server.';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'Name the host in DATABASE_URL as the certificate of the server does.';
  if (error instanceof DatabaseError && code === '28000' && error.message.includes('no encryption'))
    return 'It may take encrypted connections alone: add ?sslmode=verify-full to DATABASE_URL, with &sslrootcert=/path/ca.pem where its authority is one of your own.';
  if (error.message === 'The server does not support SSL connections')
    return 'Set ssl = on in its postgresql.conf, with a certificate; only on the same machine leave sslmode out of DATABASE_URL.';
  return null;
}
