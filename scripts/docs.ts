/**
 * `node scripts/docs.ts --check | --write`: the pages of docs/guide that are made from the code: settings, findings, command line, metrics, and
 * the table of events in notices.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { cliGuidePage } from '#cli/guide-page.ts';
import { FINDING_CODES } from '#core/findings.ts';
import { NOTICE_EVENTS } from '#core/notices/notice-events.ts';
import { METRICS } from '#core/telemetry/metric-table.ts';
import type { MetricDefinition } from '#lib/metrics.ts';
import { flagOf, SETTING_NAMES, SETTINGS, type SettingDefinition } from '#core/settings.ts';

/** `stored`: the page as it stands, for those of which only a part is made. */
const PAGES: Readonly<Record<string, (stored: string) => string>> = {
  'settings.md': settingsPage,
  'findings.md': findingsPage,
  'cli.md': cliGuidePage,
  'metrics.md': metricsPage,
  'notices.md': withNoticeEvents,
};

const SEVERITIES = {
  fatal: 'The run stops: nothing of the upload is applied.',
  error:
    'The record is dropped; what the directory knew of it stays. It appears among the errors of the profile.',
  warning: 'A value is dropped or something was assumed; the record is applied.',
  information: 'For your information.',
} as const;

const mode = process.argv[2];
if (mode !== '--check' && mode !== '--write') {
  console.error('usage: node scripts/docs.ts --check | --write');
  process.exit(2);
}
for (const [name, make] of Object.entries(PAGES)) {
  const path = fileURLToPath(new URL(`../docs/guide/${name}`, import.meta.url));
  const stored = (await readFile(path, 'utf8').catch(() => '')).replaceAll('\r\n', '\n');
  const made = await format(make(stored), { ...(await resolveConfig(path)), parser: 'markdown' });
  if (stored === made) continue;
  if (mode === '--write') {
    await writeFile(path, made);
    console.log(`docs/guide/${name} written`);
  } else {
    console.error(`docs/guide/${name} is not what the code says: run "npm run docs"`);
    process.exitCode = 1;
  }
}

function settingsPage(): string {
  const rows = SETTING_NAMES.map((name) => {
    const { env, fallback, sentence, type }: SettingDefinition = SETTINGS[name];
    const values = Array.isArray(type) ? ` Values: ${type.map((value) => `\`${value}\``).join(', ')}.` : '';
    return `| \`${env}\` | \`--${flagOf(name)}\` | ${fallback === undefined ? '' : `\`${fallback}\``} | ${cell(sentence)}${values} |`;
  });
  return page('Settings', 'src/core/settings.ts', [
    'Each setting is an environment variable and a flag of `rollbook serve`; the flag wins. `rollbook config` prints the values and where',
    'each comes from, with secrets masked.',
    '',
    '| variable | flag | default | what it is |',
    '|---|---|---|---|',
    ...rows,
  ]);
}

function findingsPage(): string {
  const sections = Object.entries(SEVERITIES).flatMap(([severity, meaning]) => [
    `## ${severity}`,
    '',
    meaning,
    '',
    '| code | what is wrong | what to do |',
    '|---|---|---|',
    ...Object.entries(FINDING_CODES)
      .filter(([, finding]) => finding.severity === severity)
      .map(([code, { title, remedy }]) => `| \`${code}\` | ${cell(title)} | ${cell(remedy)} |`),
    '',
  ]);
  return page('Findings', 'src/core/findings.ts', [
    'What Rollbook says about the files of an upload. Each finding names file, line, column and value.',
    '',
    ...sections,
  ]);
}

function metricsPage(): string {
  const rows = Object.entries(METRICS).map(([name, metric]) => {
    const { type, help, labels = {} }: MetricDefinition = metric;
    const labelTexts = Object.entries(labels).map(([label, values]) =>
      values === null ? `\`${label}\`` : `\`${label}\` (${values.map((value) => `\`${value}\``).join(', ')})`,
    );
    return `| \`${name}\` | ${type} | ${labelTexts.join('; ')} | ${cell(help)} |`;
  });
  return page('Metrics', 'src/core/telemetry/metric-table.ts', [
    'Every number of `/metrics`. How to read and use them: [monitoring](monitoring.md). A value of a label that is not in its list counts as `other`.',
    '',
    '| metric | type | labels | what it is |',
    '|---|---|---|---|',
    ...rows,
  ]);
}

/** The table of docs/guide/notices.md; the rest of the page is written by hand. */
function withNoticeEvents(stored: string): string {
  const table = [
    '| event | told when | what to do |',
    '|---|---|---|',
    ...Object.entries(NOTICE_EVENTS).map(
      ([event, { raisedWhen, remedy }]) => `| \`${event}\` | ${cell(raisedWhen)} | ${cell(remedy)} |`,
    ),
  ].join('\n');
  return stored.replace(
    /(<!-- events -->\n\n)[^]*?(\n\n<!-- end -->)/u,
    (_, start: string, end: string) => start + table + end,
  );
}

function page(title: string, source: string, lines: readonly string[]): string {
  return [
    `# ${title}`,
    '',
    `<!-- Generated from ${source} by \`npm run docs\`; do not edit. -->`,
    '',
    ...lines,
    '',
  ].join('\n');
}

/** A sentence inside a table: a vertical bar would end the cell, angle brackets would be HTML. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<').replaceAll('\n', ' ');
}
