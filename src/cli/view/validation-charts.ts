import { FINDING_CODES } from '#core/findings.ts';
import { SEVERITIES } from '#core/validate/finding-groups.ts';
import { countFindings, type RowShares, type ValidationReport } from '#core/validate/validation-report.ts';

import { formatCount, plural } from './format.ts';
import { html, type Html } from './html.ts';
import { dataTable } from './html-table.ts';
import { SEVERITY_WORDS } from './validation-text.ts';

/** Every chart is a table with its numbers in it; the bars repeat them for the eye, and say them where they are read out. */

/** No file is called so: names of files end in .csv. */
const ALL_FILES = 'all files';

const WIDTH = 200;
const HEIGHT = 12;

const SHARES = [
  ['good', 'good'],
  ['warned', 'with a warning'],
  ['waiting', 'waiting for a faulty one'],
  ['bad', 'faulty'],
] as const;

/** All rows at a glance. */
export function rowTiles({ total }: ValidationReport): Html {
  const tiles = SHARES.filter(([name]) => name === 'good' || total[name] > 0);
  return html`<ul class="tiles">
    <li><strong>${formatCount(total.rows)}</strong> ${total.rows === 1 ? 'row' : 'rows'}</li>
    ${tiles.map(
      ([name, words]) =>
        html`<li class="${name}">
          <strong>${formatCount(total[name])}</strong> ${words}
          ${total.rows === 0 ? '' : html`<span class="note">${percent(total[name], total.rows)}</span>`}
        </li> `,
    )}
  </ul> `;
}

/** Rows per file, by the worst that was found in them. */
export function rowChart({ files, total }: ValidationReport): Html {
  const rows = files.length > 1 ? [...files, { file: ALL_FILES, ...total }] : files;
  return html`<section aria-labelledby="rows">
    <h2 id="rows">Rows of each file</h2>
    <p class="note">Each row counts once, by the worst that was found in it.</p>
    ${dataTable({
      className: 'chart',
      columns: [
        { label: 'File' },
        { label: 'rows', head: html`Rows`, kind: 'number' },
        ...SHARES.map(([name, words]) => ({
          label: words,
          head: html`<span class="key ${name}" aria-hidden="true"></span>${words}`,
          kind: 'number' as const,
        })),
        { label: '', head: html`Shares`, kind: 'chart' },
      ],
      rows: rows.map((row) => [
        row.file === ALL_FILES ? html`<span class="total">${row.file}</span>` : row.file,
        formatCount(row.rows),
        ...SHARES.map(([name]) => formatCount(row[name])),
        shareBar(row),
      ]),
    })}
  </section> `;
}

export function severityChart(report: ValidationReport): Html {
  const counts = SEVERITIES.map((severity) => ({ severity, count: countFindings(report, severity) }));
  const most = Math.max(...counts.map(({ count }) => count));
  return html`<section aria-labelledby="severities">
    <h2 id="severities">Findings by severity</h2>
    ${dataTable({
      className: 'chart',
      columns: [
        { label: 'Severity' },
        { label: 'findings', head: html`Findings`, kind: 'number' },
        { label: '', head: html`Compared`, kind: 'chart' },
      ],
      rows: counts.map(({ severity, count }) => [
        SEVERITY_WORDS[severity].title,
        formatCount(count),
        bar(severity, SEVERITY_WORDS[severity].title, count, most),
      ]),
    })}
  </section> `;
}

export function codeChart({ groups }: ValidationReport): Html {
  const most = Math.max(...groups.map(({ rowCount }) => rowCount));
  return html`<section aria-labelledby="codes">
    <h2 id="codes">Findings by code</h2>
    ${dataTable({
      className: 'chart',
      columns: [
        { label: 'What is wrong' },
        { label: 'severity', head: html`Severity` },
        { label: 'findings', head: html`Findings`, kind: 'number' },
        { label: '', head: html`Compared`, kind: 'chart' },
      ],
      rows: groups.map(({ code, severity, rowCount }) => [
        html`<a href="#${severity}-${code}">${FINDING_CODES[code].title}</a>`,
        severity,
        formatCount(rowCount),
        bar(severity, FINDING_CODES[code].title, rowCount, most),
      ]),
    })}
  </section> `;
}

function bar(name: string, label: string, count: number, most: number): Html {
  return svg(`${label}: ${formatCount(count)}`, count === 0 ? [] : [piece(name, 0, (WIDTH * count) / most)]);
}

function shareBar(row: RowShares): Html {
  const shown = SHARES.filter(([name]) => row[name] > 0);
  const label =
    row.rows === 0
      ? `${row.file}: no rows`
      : `${row.file}: ${shown.map(([name, words]) => `${percent(row[name], row.rows)} ${words}`).join(', ')} of ${plural(row.rows, 'row')}`;
  let from = 0;
  const pieces = shown.map(([name]) => {
    const width = (WIDTH * row[name]) / row.rows;
    from += width;
    return piece(name, from - width, width);
  });
  return svg(label, pieces);
}

/** Whatever there is can be seen, however little of it. */
function piece(name: string, from: number, width: number): Html {
  const shown = Math.max(1, width);
  return html`<rect
    class="${name}"
    x="${Math.min(from, WIDTH - shown).toFixed(2)}"
    y="0"
    width="${shown.toFixed(2)}"
    height="${HEIGHT}"
  />`;
}

function svg(label: string, pieces: readonly Html[]): Html {
  return html`<svg
    role="img"
    aria-label="${label}"
    width="${WIDTH}"
    height="${HEIGHT}"
    preserveAspectRatio="none"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
  >
    <title>${label}</title>
    <rect class="ground" x="0" y="0" width="${WIDTH}" height="${HEIGHT}" />
    ${pieces}
  </svg>`;
}

/** `100 %` and `0 %` only when it is all or nothing. */
function percent(part: number, whole: number): string {
  const share = (100 * part) / whole;
  if (share < 0.1) return 'under 0.1 %';
  return `${part < whole ? Math.min(99.9, Number(share.toFixed(1))) : 100} %`;
}
