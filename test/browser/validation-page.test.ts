/** The report of `rollbook validate` in a real browser: on a screen of any width, in light and dark, on paper, by keyboard. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { validationPage } from '#cli/view/validation-page.ts';
import { FINDING_CODES, type Finding, type FindingCode } from '#core/findings.ts';
import { validationReport, type ValidationReport } from '#core/validate/validation-report.ts';
import { startBrowser, type TestBrowser } from '#test/helpers/browser.ts';

const HOSTILE = [
  '<script>document.title="taken"</script>',
  `"><img src=x onerror='document.title="taken"'>`,
  '</style><style>body{display:none}</style>',
  "=cmd|'/c calc'!A0",
  `https://example.com/${'x'.repeat(400)}`,
];

let browser: TestBrowser;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollbook-page-'));
  browser = await startBrowser();
});
after(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

/** A report with every code there is, `places` columns for each, and hostile text wherever text comes from outside. */
function reportWith(places: number): ValidationReport {
  const codes = Object.keys(FINDING_CODES) as FindingCode[];
  const findings = codes.flatMap((code): Finding[] =>
    Array.from({ length: places }, (_, place) => ({
      code,
      severity: FINDING_CODES[code].severity,
      file: 'student.csv',
      field: `${HOSTILE[place % HOSTILE.length] ?? ''} ${place}`,
      line: place + 2,
      value: HOSTILE[place % HOSTILE.length] ?? '',
      message: `What is wrong: ${HOSTILE[place % HOSTILE.length] ?? ''}`,
    })),
  );
  return validationReport(
    `/rosters/${HOSTILE[0] ?? ''}`,
    {
      format: { name: 'sds-v1', title: 'SDS V1', how: 'set', evidence: ['The profile says so.'] },
      fatal: true,
      filesToConfirm: [],
      findingCounts: findings.map(({ code, severity, file, field = '' }) => ({
        code,
        severity,
        file,
        field,
        rowCount: 3,
      })),
      files: ['student.csv', 'teacher.csv', 'studentenrollment.csv'].map((file, index) => ({
        file,
        rows: 1_000 * index,
        badRows: 10 * index,
      })),
    },
    findings,
    { files: [{ file: 'teacher.csv', warned: 7, waiting: 30 }], dependants: [] },
    { tolerance: 'strict', exampleCount: 20 },
  );
}

async function written(places: number): Promise<{ path: string; bytes: number }> {
  const path = join(folder, `report-${places}.html`);
  const page = validationPage(reportWith(places), new Date('2026-03-01T10:20:00Z'), '1.2.3');
  await writeFile(path, page);
  return { path, bytes: Buffer.byteLength(page) };
}

for (const dark of [false, true])
  test(`in ${dark ? 'dark' : 'light'}: shown without a word of the console, nothing is asked for, and hostile text is text`, async () => {
    const { path } = await written(5);
    const { page, said, asked } = await browser.open(path, { dark });
    assert.deepEqual(said, []);
    assert.deepEqual(asked, []);
    assert.match(await page.title(), /^Check of \/rosters\/<script>/u);
    assert.equal(await page.locator('script, img, iframe, object, form').count(), 0);
    assert.ok((await page.locator('text=<script>document.title').count()) > 0);
    const bars = page.locator('svg[role=img] rect:not(.ground)');
    assert.ok((await bars.count()) > 10);
    const box = await page.locator('svg[role=img]').first().boundingBox();
    assert.ok(box !== null && box.width > 100 && box.height > 5, JSON.stringify(box));
    const colours = await page.evaluate<string[]>(
      '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
    );
    const light = ['rgb(255, 255, 255)', 'rgb(27, 31, 36)'];
    if (dark) assert.notDeepEqual(colours, light);
    else assert.deepEqual(colours, light);
  });

for (const width of [320, 480, 700, 1_100, 2_560])
  test(`${width} pixels wide: nothing has to be scrolled sideways, and every cell is within the page`, async () => {
    const { path } = await written(5);
    const { page } = await browser.open(path, { width });
    const { scrolls, outside } = await page.evaluate<{ scrolls: number; outside: string[] }>(`({
      scrolls: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      outside: [...document.querySelectorAll('tbody td, tbody th, svg, h1, h2, h3, p, li, caption')]
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map((element) => element.outerHTML.slice(0, 200)),
    })`);
    assert.deepEqual({ scrolls, outside }, { scrolls: 0, outside: [] });
  });

test('the filter: by keyboard alone, one severity at a time; what is filtered is what is printed', async () => {
  const { path } = await written(2);
  const { page } = await browser.open(path);
  const shown = (): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('section.findings')]
      .filter((section) => section.getClientRects().length > 0)
      .map((section) => section.getAttribute('aria-labelledby'))`);
  assert.deepEqual(await shown(), ['fatal', 'error', 'warning', 'information']);
  await page.locator('#show-all').focus();
  await page.keyboard.press('ArrowDown');
  assert.deepEqual(await shown(), ['fatal']);
  await page.keyboard.press('ArrowDown');
  assert.deepEqual(await shown(), ['error']);
  await page.emulateMedia({ media: 'print' });
  assert.deepEqual(await shown(), ['error']);
  assert.equal(await page.locator('.filter').isVisible(), false);
});

test('by keyboard: Tab comes to every link in order, and Enter to what it is about and back', async () => {
  const { path } = await written(1);
  const { page } = await browser.open(path);
  const focused = (): Promise<string | null> => page.evaluate(`document.activeElement.getAttribute('href')`);
  await page.keyboard.press('Tab');
  const target = await focused();
  assert.match(String(target), /^#fatal-/u);
  const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
  assert.equal(outline, 'solid');
  await page.keyboard.press('Enter');
  assert.ok(page.url().endsWith(String(target)));
  await page.keyboard.press('Tab');
  assert.equal(await focused(), '#codes');
});

test('read out: tables stay tables on a narrow page, with headers, and every chart has its words', async () => {
  const { path } = await written(1);
  const { page } = await browser.open(path, { width: 320 });
  for (const role of ['table', 'row', 'columnheader', 'rowheader', 'cell'] as const)
    assert.ok((await page.getByRole(role, { includeHidden: false }).count()) > 3, role);
  assert.ok((await page.getByRole('img', { name: /of 2,000 rows/u }).count()) === 1);
});

test('on paper: A4, light whatever the screen is, and no page is empty', async () => {
  const { path } = await written(1);
  const { page } = await browser.open(path, { dark: true });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const colours = await page.evaluate<string[]>(`['--page', '--text'].map((name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim())`);
  assert.deepEqual(colours, ['#ffffff', '#1b1f24']);
  const pdf = await page.pdf({ format: 'A4' });
  assert.ok(pdf.length > 10_000);
});

test('every code in tens of thousands of columns: the page is bounded, and says how many are not in it', async () => {
  const few = await written(100);
  const many = await written(5_000);
  assert.ok(many.bytes < few.bytes * 1.2, `${many.bytes} after ${few.bytes}`);
  assert.ok(many.bytes < 5_000_000, String(many.bytes));
  const { page, said } = await browser.open(many.path);
  assert.deepEqual(said, []);
  assert.ok((await page.locator('text=and 4,950 more columns').count()) > 10);
});
