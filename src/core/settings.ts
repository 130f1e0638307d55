import type { SettingType } from './setting-value.ts';

export interface SettingDefinition {
  /** The environment variable. The flag is made from it: DATA_DIR, `--data-dir`. */
  readonly env: string;
  readonly type: SettingType;
  /** As it would be written; undefined: without a value something else happens, which the sentence says. */
  readonly fallback: string | undefined;
  readonly sentence: string;
  /** Never printed. For a URL only its password is hidden. */
  readonly secret?: true;
}

/** Every setting there is, once. `--help`, `rollbook config` and docs/guide/settings.md are made from this. */
export const SETTINGS = {
  port: {
    env: 'PORT',
    type: 'port',
    fallback: '8080',
    sentence: 'Port of HTTP; 0 takes any free one, off closes it.',
  },
  httpsPort: {
    env: 'HTTPS_PORT',
    type: 'port',
    fallback: '8443',
    sentence: 'Port of HTTPS; 0 takes any free one, off closes it.',
  },
  host: {
    env: 'HOST',
    type: 'host',
    fallback: '127.0.0.1',
    sentence: 'Address or name to listen at; 0.0.0.0 or :: for every network.',
  },
  dataDir: {
    env: 'DATA_DIR',
    type: 'path',
    fallback: './data',
    sentence: 'Folder of the database, uploads, keys and credentials. Keep it private and back it up.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    type: 'postgresUrl',
    fallback: undefined,
    sentence: 'PostgreSQL 15 or newer to use; without it Rollbook runs one of its own in DATA_DIR.',
    secret: true,
  },
  publicUrl: {
    env: 'PUBLIC_URL',
    type: 'httpUrl',
    fallback: undefined,
    sentence:
      'Address that clients use, for links in answers; without it each request says it by its Host header.',
  },
  secretKey: {
    env: 'SECRET_KEY',
    type: 'text',
    fallback: undefined,
    sentence:
      'Key that encrypts all secrets: v1:<base64 of 32 bytes>, several separated by commas, the newest seals. Without it one is made in DATA_DIR/secret.key.',
    secret: true,
  },
  tlsCert: {
    env: 'TLS_CERT',
    type: 'path',
    fallback: undefined,
    sentence:
      'PEM file with the certificate and its chain; without it a self-signed one is made in DATA_DIR/tls.',
  },
  tlsKey: {
    env: 'TLS_KEY',
    type: 'path',
    fallback: undefined,
    sentence: 'PEM file with the private key of TLS_CERT.',
  },
  mode: {
    env: 'MODE',
    type: ['all', 'api', 'worker'],
    fallback: 'all',
    sentence: 'What this process does: answers requests (api), executes runs (worker), or both (all).',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    type: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    fallback: 'info',
    sentence: 'The least that is logged.',
  },
  metricsPort: {
    env: 'METRICS_PORT',
    type: 'port',
    fallback: 'off',
    sentence:
      'Port of its own for /metrics, for workers too; 0 takes any free one. /metrics is on PORT and HTTPS_PORT as well.',
  },
  metricsHost: {
    env: 'METRICS_HOST',
    type: 'host',
    fallback: '127.0.0.1',
    sentence: 'Address that METRICS_PORT listens at.',
  },
  metricsToken: {
    env: 'METRICS_TOKEN',
    type: 'text',
    fallback: undefined,
    sentence:
      'Bearer token that /metrics asks for; without it only processes of this machine that come by no proxy may read it.',
    secret: true,
  },
  slowStatementMs: {
    env: 'SLOW_STATEMENT_MS',
    type: { minimum: 0, maximum: 3_600_000 },
    fallback: '0',
    sentence:
      'Statements of the database that take that many milliseconds or longer are logged with their place in the code, never with values. For development; 0: none.',
  },
  startWaitSeconds: {
    env: 'START_WAIT_SECONDS',
    type: { minimum: 0, maximum: 600 },
    fallback: '20',
    sentence: 'Seconds that start waits for the validation of the files before it answers.',
  },
  applicationRequests: {
    env: 'APPLICATION_REQUESTS',
    type: { minimum: 0, maximum: 1_000_000_000 },
    fallback: '23000',
    sentence:
      'Requests in ten seconds that this process takes from one application of a tenant, each of a batch by itself; more get 429 with Retry-After. 0: no limit.',
  },
  runConcurrency: {
    env: 'RUN_CONCURRENCY',
    type: { minimum: 1, maximum: 64 },
    fallback: '2',
    sentence: 'Runs that this process executes at the same time.',
  },
  readThreads: {
    env: 'READ_THREADS',
    type: { minimum: 0, maximum: 16 },
    fallback: undefined,
    sentence:
      'Threads of a run that look at rows of large files beforehand; without it one for each core, at most 4. 0: none, and one core is enough.',
  },
  leaseSeconds: {
    env: 'LEASE_SECONDS',
    type: { minimum: 1, maximum: 3_600 },
    fallback: '30',
    sentence: 'Seconds without a sign of life after which a run is taken over from its worker.',
  },
  batchItems: {
    env: 'BATCH_ITEMS',
    type: { minimum: 1, maximum: 1_000_000 },
    fallback: '20000',
    sentence: 'Changes that are brought into the directory in one transaction.',
  },
  retrySeconds: {
    env: 'RETRY_SECONDS',
    type: { minimum: 1, maximum: 86_400 },
    fallback: '30',
    sentence: 'Seconds until a broken run is tried again; doubled after every failure.',
  },
  retryMaximumSeconds: {
    env: 'RETRY_MAXIMUM_SECONDS',
    type: { minimum: 1, maximum: 86_400 },
    fallback: '900',
    sentence: 'The longest time between two attempts.',
  },
  quarantineRetrySeconds: {
    env: 'QUARANTINE_RETRY_SECONDS',
    type: { minimum: 1, maximum: 2_592_000 },
    fallback: '86400',
    sentence: 'Seconds between two attempts of a profile in quarantine.',
  },
  uploadFileBytes: {
    env: 'UPLOAD_FILE_BYTES',
    type: { minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    fallback: String(4 * 1024 ** 3),
    sentence: 'Largest file that is taken, in bytes.',
  },
  uploadBytes: {
    env: 'UPLOAD_BYTES',
    type: { minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    fallback: String(10 * 1024 ** 3),
    sentence: 'Largest sum of all files of an upload, in bytes.',
  },
  uploadStore: {
    env: 'UPLOAD_STORE',
    type: ['local', 's3', 'azure'],
    fallback: 'local',
    sentence:
      'Where uploaded files are kept, encrypted: in DATA_DIR/uploads, in a bucket of an S3-compatible storage, or in a container of Azure Blob Storage. Every process needs the same; see many-workers.md.',
  },
  uploadPrefix: {
    env: 'UPLOAD_PREFIX',
    type: 'objectPrefix',
    fallback: undefined,
    sentence: 'What the names of objects begin with in the bucket or container, such as rollbook/.',
  },
  uploadTakeOver: {
    env: 'UPLOAD_TAKE_OVER',
    type: 'uuid',
    fallback: undefined,
    sentence:
      'Id of the Rollbook whose place for uploads (DATA_DIR, bucket or container) this one takes, when the start says that it belongs to that one. Only when that one is gone for good.',
  },
  s3Bucket: {
    env: 'S3_BUCKET',
    type: 'bucket',
    fallback: undefined,
    sentence: 'Bucket for UPLOAD_STORE=s3. It has to exist.',
  },
  s3Endpoint: {
    env: 'S3_ENDPOINT',
    type: 'httpUrl',
    fallback: undefined,
    sentence: 'Address of the S3-compatible storage; without it that of Amazon for S3_REGION.',
  },
  s3Region: {
    env: 'S3_REGION',
    type: 'host',
    fallback: 'us-east-1',
    sentence: 'Region of the bucket; storages that have none take any.',
  },
  s3AccessKeyId: {
    env: 'S3_ACCESS_KEY_ID',
    type: 'text',
    fallback: undefined,
    sentence:
      'Access key for the bucket; without it the credentials of the environment, such as the role of the machine.',
  },
  s3SecretAccessKey: {
    env: 'S3_SECRET_ACCESS_KEY',
    type: 'text',
    fallback: undefined,
    sentence: 'Secret of S3_ACCESS_KEY_ID.',
    secret: true,
  },
  azureConnection: {
    env: 'AZURE_CONNECTION',
    type: 'text',
    fallback: undefined,
    sentence:
      'For UPLOAD_STORE=azure: connection string of the storage account, or the URL of the container with a shared access signature that may read, write, delete and list.',
    secret: true,
  },
  azureContainer: {
    env: 'AZURE_CONTAINER',
    type: 'bucket',
    fallback: undefined,
    sentence: 'Container for UPLOAD_STORE=azure, unless AZURE_CONNECTION is its URL. It has to exist.',
  },
  uploadQuietSeconds: {
    env: 'UPLOAD_QUIET_SECONDS',
    type: { minimum: 1, maximum: 3_600 },
    fallback: '60',
    sentence:
      'Seconds without a change after which uploaded files, or those of a watched folder, count as complete.',
  },
  watchDir: {
    env: 'WATCH_DIR',
    type: 'path',
    fallback: undefined,
    sentence:
      'Folder that holds a folder per tenant (its id) with the watched folders of its profiles; without it no folder is watched. Every process needs the same.',
  },
  uploadRetentionDays: {
    env: 'UPLOAD_RETENTION_DAYS',
    type: { minimum: 1, maximum: 3_650 },
    fallback: '30',
    sentence: 'Days that uploaded files are kept after their run; then their key is destroyed.',
  },
  runRetentionDays: {
    env: 'RUN_RETENTION_DAYS',
    type: { minimum: 1, maximum: 36_500 },
    fallback: '400',
    sentence:
      'Days that a run is kept with its plan and findings after its end; the newest 20 of a profile always are.',
  },
  // At most as many as the thread that reads has memory for.
  findingErrors: {
    env: 'FINDING_ERRORS',
    type: { minimum: 100, maximum: 50_000 },
    fallback: '10000',
    sentence:
      'Errors of a run that are kept one by one, with line and value; all are counted, and of each kind the first 100 are kept.',
  },
  findingWarnings: {
    env: 'FINDING_WARNINGS',
    type: { minimum: 100, maximum: 50_000 },
    fallback: '5000',
    sentence: 'The same for warnings.',
  },
  smtpUrl: {
    env: 'SMTP_URL',
    type: 'smtpUrl',
    fallback: undefined,
    sentence:
      'Mail server for notices: smtps://user:password@host (TLS) or smtp://host:587 (STARTTLS: required with a user name, else where offered; ?starttls=required, offered or off). Without it notices go to webhooks alone.',
    secret: true,
  },
  smtpFrom: {
    env: 'SMTP_FROM',
    type: 'mailAddress',
    fallback: undefined,
    sentence: 'E-mail address that notices come from.',
  },
  noticePrivateHosts: {
    env: 'NOTICE_PRIVATE_HOSTS',
    type: 'hosts',
    fallback: undefined,
    sentence:
      'Hosts that webhooks may be sent to although they are in a private network, by http:// too; separated by commas. Others have to be public and have TLS.',
  },
  oidcIssuer: {
    env: 'OIDC_ISSUER',
    type: 'issuers',
    fallback: undefined,
    sentence:
      'Identity providers whose access tokens are taken beside our own: their issuers, exactly as in the tokens, separated by commas. See tokens.md.',
  },
  oidcAudience: {
    env: 'OIDC_AUDIENCE',
    type: 'audiences',
    fallback: undefined,
    sentence: 'Who tokens of OIDC_ISSUER have to be for (aud); several separated by commas.',
  },
  oidcTenantClaim: {
    env: 'OIDC_TENANT_CLAIM',
    type: 'claim',
    fallback: 'tid',
    sentence: 'Claim of those tokens that says whose they are; iss: the issuer itself.',
  },
  oidcTenants: {
    env: 'OIDC_TENANTS',
    type: 'tenantMap',
    fallback: undefined,
    sentence:
      'Tenant for each value of that claim: VALUE=TENANT-ID, separated by commas; *=TENANT-ID for all. Without it the value is the id of the tenant.',
  },
  builtInIssuer: {
    env: 'BUILT_IN_ISSUER',
    type: ['on', 'off'],
    fallback: 'on',
    sentence:
      'Whether Rollbook gives tokens to its own applications and takes them. off: only those of OIDC_ISSUER; then the commands need a stopped service.',
  },
} as const satisfies Record<string, SettingDefinition>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

type Known<D extends SettingDefinition> = D['type'] extends readonly (infer Choice)[]
  ? Choice
  : D['type'] extends 'port'
    ? number | 'off'
    : D['type'] extends string
      ? string
      : number;

/** The settings with their values. Those without a fallback may be undefined. */
export type Settings = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name]['fallback'] extends string
    ? Known<(typeof SETTINGS)[Name]>
    : Known<(typeof SETTINGS)[Name]> | undefined;
};

/** `--data-dir` without its dashes. */
export function flagOf(name: SettingName): string {
  return SETTINGS[name].env.toLowerCase().replaceAll('_', '-');
}
