import { FINDING_CODES } from '#core/findings.ts';
import { SEVERITIES } from '#core/validate/finding-groups.ts';
import { countFindings, type RowShares, type ValidationReport } from '#core/validate/validation-report.ts';

import { formatCount, plural } from './format.ts';
import { html, type Html } from './html.ts';
import { SEVERITY_WORDS } from './validation-text.ts';

/** Every chart is a table with its numbers in it; the bars repeat them for the eye, and say them where they are read out. */

const WIDTH = 200;
const HEIGHT = 12;

const SHARES = [
  ['good', 'good'],
  ['warned', 'with a warning'],
  ['waiting', 'waiting for a faulty one'],
  ['bad', 'faulty'],
] as const;

/** Rows per file, by the worst that was found in them. */
export function rowChart({ files, total }: ValidationReport): Html {
  const rows = files.length > 1 ? [...files, { file: 'all files', ...total }] : files;
  return html`<section aria-labelledby="rows">
    <h2 id="rows">Rows of each file</h2>
    <p class="note">Each row counts once, by the worst that was found in it.</p>
    <table class="chart">
      <thead>
        <tr>
          <th scope="col">File</th>
          <th scope="col" class="number">Rows</th>
          ${SHARES.map(([name, words]) => html`<th scope="col" class="number"><span class="key ${name}" aria-hidden="true"></span>${words}</th>`)}
          <th scope="col">Shares</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <th scope="row">${row.file}</th>
              <td class="number">${formatCount(row.rows)}</td>
              ${SHARES.map(([name]) => html`<td class="number">${formatCount(row[name])}</td>`)}
              <td>${shareBar(row)}</td>
            </tr> `,
        )}
      </tbody>
    </table>
  </section> `;
}

export function severityChart(report: ValidationReport): Html {
  const counts = SEVERITIES.map((severity) => ({ severity, count: countFindings(report, severity) }));
  const most = Math.max(...counts.map(({ count }) => count));
  return html`<section aria-labelledby="severities">
    <h2 id="severities">Findings by severity</h2>
    <table class="chart">
      <thead>
        <tr>
          <th scope="col">Severity</th>
          <th scope="col" class="number">Findings</th>
          <th scope="col">Compared</th>
        </tr>
      </thead>
      <tbody>
        ${counts.map(
          ({ severity, count }) =>
            html`<tr>
              <th scope="row">${SEVERITY_WORDS[severity].title}</th>
              <td class="number">${formatCount(count)}</td>
              <td>${bar(severity, SEVERITY_WORDS[severity].title, count, most)}</td>
            </tr> `,
        )}
      </tbody>
    </table>
  </section> `;
}

export function codeChart({ groups }: ValidationReport): Html {
  const most = Math.max(...groups.map(({ rowCount }) => rowCount));
  return html`<section aria-labelledby="codes">
    <h2 id="codes">Findings by code</h2>
    <table class="chart">
      <thead>
        <tr>
          <th scope="col">What is wrong</th>
          <th scope="col">Severity</th>
          <th scope="col" class="number">Findings</th>
          <th scope="col">Compared</th>
        </tr>
      </thead>
      <tbody>
        ${groups.map(
          ({ code, severity, rowCount }) =>
            html`<tr>
              <th scope="row"><a href="#${severity}-${code}">${FINDING_CODES[code].title}</a></th>
              <td>${severity}</td>
              <td class="number">${formatCount(rowCount)}</td>
              <td>${bar(severity, FINDING_CODES[code].title, rowCount, most)}</td>
            </tr> `,
        )}
      </tbody>
    </table>
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
