import { createHash } from 'node:crypto';

import { FINDING_CODES, type Finding } from '#core/findings.ts';
import { type FindingGroup, type FindingPlace, SEVERITIES } from '#core/validate/finding-groups.ts';
import { countFindings, type ValidationReport } from '#core/validate/validation-report.ts';

import { formatCount, plural } from './format.ts';
import { html, type Html } from './html.ts';
import { codeChart, rowChart, severityChart } from './validation-charts.ts';
import { PAGE_STYLE } from './validation-page-style.ts';
import { formatSentence, placeName, SEVERITY_WORDS, shorten, verdictSentence } from './validation-text.ts';

const SHOWN_VALUE = 256;
const SHOWN_MESSAGE = 512;

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
        </section>
        ${rowChart(report)}
        ${groups.length === 0 ? html`<p>Nothing was found.</p>` : [severityChart(report), codeChart(report)]}
        ${SEVERITIES.map((severity) => severitySection(report, severity))}
      </main>
    </body>
  </html> `;
  return `<!DOCTYPE html>\n${page.markup}`;
}

function verdictClass({ stop, total }: ValidationReport): string {
  if (stop !== null) return 'fatal';
  return total.bad > 0 ? 'warning' : 'good';
}

function severitySection(report: ValidationReport, severity: FindingGroup['severity']): Html {
  const mine = report.groups.filter((group) => group.severity === severity);
  if (mine.length === 0) return html``;
  const { title, meaning } = SEVERITY_WORDS[severity];
  return html`<section aria-labelledby="${severity}">
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
  </article> `;
}

function placeTable(caption: string, places: readonly Omit<FindingPlace, 'examples'>[]): Html {
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">File, column</th>
        <th scope="col" class="number">Rows</th>
      </tr>
    </thead>
    <tbody>
      ${places.map(
        (place) =>
          html`<tr>
            <th scope="row">${placeName(place)}</th>
            <td class="number">${formatCount(place.rowCount)}</td>
          </tr> `,
      )}
    </tbody>
  </table> `;
}

function exampleTable(examples: readonly Finding[], rowCount: number): Html {
  const caption =
    examples.length === rowCount
      ? 'All of them'
      : `${formatCount(examples.length)} of ${formatCount(rowCount)}`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="Examples">
    <table class="examples">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">File</th>
          <th scope="col" class="number">Line</th>
          <th scope="col">Column</th>
          <th scope="col">Value</th>
          <th scope="col">What is wrong</th>
        </tr>
      </thead>
      <tbody>
        ${examples.map(exampleRow)}
      </tbody>
    </table>
  </div> `;
}

function exampleRow({ file, line, field = '', value = '', message }: Finding): Html {
  return html`<tr>
    <td>${file}</td>
    <td class="number">${line ?? ''}</td>
    <td>${field}</td>
    <td class="value"><bdi>${shorten(value, SHOWN_VALUE)}</bdi></td>
    <td><bdi>${shorten(message, SHOWN_MESSAGE)}</bdi></td>
  </tr> `;
}
