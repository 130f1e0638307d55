import { createHash } from 'node:crypto';

import { FINDING_CODES, type Finding } from '#core/findings.ts';
import { type FindingGroup, type FindingPlace, SEVERITIES, sumRows } from '#core/validate/finding-groups.ts';
import { countFindings, type ValidationReport } from '#core/validate/validation-report.ts';

import { formatCount, plural } from './format.ts';
import { html, type Html } from './html.ts';
import { dataTable } from './html-table.ts';
import { codeChart, rowChart, rowTiles, severityChart } from './validation-charts.ts';
import { PAGE_STYLE } from './validation-page-style.ts';
import { formatSentence, placeName, SEVERITY_WORDS, shorten, verdictSentence } from './validation-text.ts';

const SHOWN_VALUE = 256;
const SHOWN_MESSAGE = 512;
const SHOWN_PLACES = 50;

/** Only the one style below: no script, no font, no image, nothing from elsewhere. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(PAGE_STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** A report as one HTML page that needs nothing but itself, and is well-formed XML besides. */
export function validationPage(report: ValidationReport, checkedAt: Date, version: string): string {
  const { folder, total, files, groups } = report;
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="referrer" content="no-referrer" />
      <title>Check of ${shorten(folder, SHOWN_VALUE)}</title>
      ${{ markup: `<style>${PAGE_STYLE}</style>` }}
    </head>
    <body>
      <header>
        <h1>Check of a roster</h1>
        <p class="where"><bdi>${folder}</bdi></p>
        <p>${formatSentence(report.format)}</p>
        <p class="note">
          ${plural(files.length, 'file')}, ${plural(total.rows, 'row')}, checked
          ${checkedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC by Rollbook ${version} as the first
          sync of a new profile would. The values below are personal data.
        </p>
      </header>
      <main>
        <section aria-labelledby="verdict">
          <h2 id="verdict">What a sync would do</h2>
          <p class="verdict ${verdictClass(report)}"><strong>${verdictSentence(report)}</strong></p>
          ${rowTiles(report)}
        </section>
        ${rowChart(report)}
        ${groups.length === 0 ? html`<p>Nothing was found.</p>` : [severityChart(report), codeChart(report)]}
        ${severityFilter(report)} ${SEVERITIES.map((severity) => severitySection(report, severity))}
      </main>
    </body>
  </html> `;
  return `<!DOCTYPE html>\n${page.markup}`;
}

function verdictClass({ stop, total }: ValidationReport): string {
  if (stop !== null) return 'fatal';
  return total.bad > 0 ? 'warning' : 'good';
}

/** Which findings are shown: a choice that the style alone carries out. Only where there is something to choose from. */
function severityFilter({ groups }: ValidationReport): Html {
  const present = SEVERITIES.filter((severity) => groups.some((group) => group.severity === severity));
  if (present.length < 2) return html``;
  const choice = (name: string, words: string, checked: boolean): Html =>
    html`<label
      ><input type="radio" name="show" id="show-${name}" ${{ markup: checked ? 'checked="checked"' : '' }} />
      ${words}</label
    > `;
  return html`<fieldset class="filter">
    <legend>Show</legend>
    ${choice('all', 'everything', true)}
    ${present.map((severity) => choice(severity, SEVERITY_WORDS[severity].title, false))}
  </fieldset> `;
}

function severitySection(report: ValidationReport, severity: FindingGroup['severity']): Html {
  const mine = report.groups.filter((group) => group.severity === severity);
  if (mine.length === 0) return html``;
  const { title, meaning } = SEVERITY_WORDS[severity];
  return html`<section aria-labelledby="${severity}" class="findings of-${severity}">
    <h2 id="${severity}">${title}: ${formatCount(countFindings(report, severity))}</h2>
    <p class="note">${meaning}</p>
    ${mine.map(groupArticle)}
  </section> `;
}

function groupArticle(group: FindingGroup): Html {
  const { severity, code, rowCount, places, dependants } = group;
  const { title, remedy } = FINDING_CODES[code];
  const examples = places.flatMap((place) => place.examples);
  return html`<article class="${severity}" id="${severity}-${code}">
    <h3>${title} <code>${code}</code></h3>
    <p>
      ${plural(rowCount, severity === 'fatal' ? 'finding' : 'row')}. <strong>What to do:</strong> ${remedy}
    </p>
    ${placeTable('Where', places)} ${examples.length === 0 ? '' : exampleTable(examples, rowCount)}
    ${dependants.length === 0 ? '' : placeTable('Rows that name these records wait for them', dependants)}
    <p class="back"><a href="#codes">Back to the list</a></p>
  </article> `;
}

/** A file may have a million columns, each with a finding of its own. */
function placeTable(caption: string, places: readonly Omit<FindingPlace, 'examples'>[]): Html {
  const more = places.length - SHOWN_PLACES;
  const table = dataTable({
    caption,
    className: 'places',
    columns: [{ label: 'File, column' }, { label: 'rows', head: html`Rows`, kind: 'number' }],
    rows: places
      .slice(0, SHOWN_PLACES)
      .map((place) => [
        html`<bdi>${shorten(placeName(place), SHOWN_VALUE)}</bdi>`,
        formatCount(place.rowCount),
      ]),
  });
  return more > 0
    ? html`${table}
        <p class="note">
          ... and ${plural(more, 'more column')}, with ${plural(sumRows(places.slice(SHOWN_PLACES)), 'row')}
        </p>`
    : table;
}

function exampleTable(examples: readonly Finding[], rowCount: number): Html {
  const caption =
    examples.length === rowCount
      ? 'All of them'
      : `${formatCount(examples.length)} of ${formatCount(rowCount)}`;
  return dataTable({
    caption,
    className: 'examples',
    columns: [
      { label: 'File' },
      { label: 'Line', kind: 'number' },
      { label: 'Column' },
      { label: 'Value', kind: 'value' },
      { label: 'What is wrong' },
    ],
    rows: examples.map(({ file, line, field = '', value = '', message }) => [
      file,
      line ?? '',
      html`<bdi>${shorten(field, SHOWN_VALUE)}</bdi>`,
      html`<bdi>${shorten(value, SHOWN_VALUE)}</bdi>`,
      html`<bdi>${shorten(message, SHOWN_MESSAGE)}</bdi>`,
    ]),
  });
}
