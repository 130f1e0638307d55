import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';

import { XMLParser, XMLValidator } from 'fast-xml-parser';

import { FINDING_CODES, type Finding, type FindingCode } from '#core/findings.ts';
import { validationReport, type ValidationReport } from '#core/validate/validation-report.ts';

import { validationPage } from './validation-page.ts';

const CODES: readonly FindingCode[] = ['REQUIRED_MISSING', 'ID_INVALID', 'DATE_INVALID', 'FILE_TRUNCATED'];

/** One finding of each code, with that text in every place that comes from outside. */
function reportWith(text: string): ValidationReport {
  const findings = CODES.map((code): Finding => {
    const { severity } = FINDING_CODES[code];
    return {
      code,
      severity,
      file: 'student.csv',
      field: text,
      line: 3,
      value: text,
      sourceId: text,
      message: text,
    };
  });
  return validationReport(
    text,
    {
      format: { name: 'sds-v1', title: 'SDS V1', how: 'set', evidence: ['The profile says so.'] },
      fatal: true,
      filesToConfirm: [],
      findingCounts: findings.map(({ code, severity }) => ({
        code,
        severity,
        file: 'student.csv',
        field: text,
        rowCount: 7,
      })),
      files: [
        { file: 'student.csv', rows: 1_000, badRows: 14 },
        { file: 'teacher.csv', rows: 0, badRows: 0 },
      ],
    },
    findings,
    {
      files: [{ file: 'student.csv', warned: 7, waiting: 1 }],
      dependants: [{ code: 'ID_INVALID', file: 'section.csv', field: text, rowCount: 3 }],
    },
    { tolerance: 'strict', exampleCount: 5 },
  );
}

function pageWith(text: string): string {
  return validationPage(reportWith(text), new Date('2026-03-01T10:20:00Z'), '1.2.3');
}

type XmlNode = Readonly<Record<string, unknown>>;

/** Elements with the names of their attributes, and all texts and values of attributes. */
function takeApart(page: string): { elements: string[]; texts: string[] } {
  assert.equal(XMLValidator.validate(page), true);
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    trimValues: true,
    htmlEntities: true,
  });
  const elements: string[] = [];
  const texts: string[] = [];
  const visit = (nodes: readonly XmlNode[]): void => {
    for (const node of nodes) {
      const attributes = Object.entries((node[':@'] ?? {}) as Record<string, string>);
      for (const [name, content] of Object.entries(node)) {
        if (name === ':@') continue;
        if (name === '#text') {
          texts.push(String(content));
          continue;
        }
        elements.push([name, ...attributes.map(([attribute]) => attribute)].join(' '));
        texts.push(...attributes.map(([, value]) => value));
        visit(content as XmlNode[]);
      }
    }
  };
  visit(parser.parse(page) as XmlNode[]);
  return { elements, texts };
}

const HOSTILE: [string, string, string][] = [
  ['a script', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ['the end of an attribute', `" onload="alert(1)" x='`, `" onload="alert(1)" x='`],
  ['the end of a style', '</style><img src=x onerror=alert(1)>', '</style><img src=x onerror=alert(1)>'],
  ['the end of a title', '</title><svg/onload=alert(1)>', '</title><svg/onload=alert(1)>'],
  ['a comment and a section', '<!-- <![CDATA[ ]]> -->', '<!-- <![CDATA[ ]]> -->'],
  ['a template', '${alert(1)}{{7*7}}<%= 1 %>', '${alert(1)}{{7*7}}<%= 1 %>'],
  ['NUL', 'a\u0000b', 'a[U+0000]b'],
  ['bidi controls', '\u202Efdp.exe\u202C\u2067', '[U+202E]fdp.exe[U+202C][U+2067]'],
  ['half a character', '\uD83Dx', '\uFFFDx'],
];

describe('page: hostile values', () => {
  const harmless = takeApart(pageWith('harmless'));
  for (const [name, text, shown] of HOSTILE) {
    test(`${name} stays text: no element and no attribute more`, () => {
      const { elements, texts } = takeApart(pageWith(text));
      assert.deepEqual(elements, harmless.elements);
      assert.deepEqual(
        texts.filter((found) => found === shown).length,
        harmless.texts.filter((found) => found === 'harmless').length,
      );
    });
  }

  test('a very long value is cut', () => {
    const page = pageWith('x'.repeat(1_000_000).slice(0, 100_000));
    assert.ok(page.length < 1_500_000);
    const value = /<td[^>]*class="value"[^>]*><bdi>(x+\u2026)<\/bdi>/u.exec(page)?.[1];
    assert.equal(value?.length, 256);
  });
});

test('page: nothing but itself, and its style is what the policy allows', () => {
  const page = pageWith('harmless');
  const { elements } = takeApart(page);
  const used = new Set(elements.map((element) => element.split(' ')[0]));
  for (const name of ['script', 'img', 'link', 'iframe', 'object', 'form', 'base'])
    assert.ok(!used.has(name), name);
  const attributes = new Set(elements.flatMap((element) => element.split(' ').slice(1)));
  for (const name of ['src', 'style', 'onload', 'srcset']) assert.ok(!attributes.has(name), name);
  assert.doesNotMatch(page, /https?:|url\(|@import/u);
  const style = /<style>(.*?)<\/style>/su.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  assert.ok(page.includes(`style-src &#39;sha256-${hash}&#39;`));
  assert.match(style, /prefers-color-scheme: dark/u);
  assert.match(style, /@media print/u);
});

test('page: charts say in words what they show; every link leads somewhere; tables have headers', () => {
  const page = pageWith('harmless');
  const charts = [...page.matchAll(/<svg[^>]*role="img"[^>]*aria-label="([^"]+)"/gu)].map(
    ([, label]) => label,
  );
  assert.equal(charts.length, page.split('<svg').length - 1);
  assert.ok(
    charts.includes(
      'student.csv: 97.8 % good, 0.7 % with a warning, 0.1 % waiting for a faulty one, 1.4 % faulty of 1,000 rows',
    ),
    charts.join('\n'),
  );
  assert.ok(charts.includes('teacher.csv: no rows'));
  assert.ok(charts.includes('Errors: 14'));
  const targets = [...page.matchAll(/href="#([^"]+)"/gu)].map(([, id]) => id);
  assert.deepEqual(targets.filter((id) => id !== 'codes').length, CODES.length);
  for (const id of targets) assert.ok(page.includes(`id="${id}"`), id);
  const ids = [...page.matchAll(/ id="([^"]+)"/gu)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [table] of page.matchAll(/<table.*?<\/table>/gsu)) assert.match(table, /<th scope="col"/u);
});

test('page: the verdict, what to do, and the rows that wait', () => {
  const page = pageWith('harmless').replaceAll(/\s+/gu, ' ');
  assert.match(page, /<strong>A sync would be held: student.csv cannot be used as it is/u);
  assert.ok(page.includes('Write dates as YYYY-MM-DD.'));
  assert.match(
    page,
    /Rows that name these records wait for them.*?section.csv, harmless<\/bdi><\/th>\s*<td[^>]*class="number"[^>]*>3</u,
  );
  assert.match(page, /1 of 7/u);
});

/** Relative luminance of WCAG 2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

test('page: text has a contrast of 4.5 and bars of 3, in light and in dark', () => {
  const schemes = [...pageWith('harmless').matchAll(/:root \{(.*?)\}/gsu)].map(([, text = '']) =>
    Object.fromEntries(
      [...text.matchAll(/--(\w+): (#\w{6})/gu)].map(([, name = '', colour = '']) => [name, colour]),
    ),
  );
  assert.equal(schemes.length, 2);
  for (const scheme of schemes) {
    const of = (name: string): string => scheme[name] ?? '';
    for (const ground of ['page', 'panel'])
      for (const name of ['text', 'quiet', 'link'])
        assert.ok(contrast(of(name), of(ground)) >= 4.5, `${name} on ${ground}`);
    for (const name of ['good', 'warned', 'waiting', 'bad', 'information'])
      assert.ok(contrast(of(name), of('ground')) >= 3, name);
  }
});
