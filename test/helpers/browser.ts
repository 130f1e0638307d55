import chromium from '@sparticuz/chromium';
import { type Browser, chromium as driver, type Page } from 'playwright-core';

/** A page of a real browser, and what it did besides showing itself. */
export interface OpenedPage {
  readonly page: Page;
  /** What the console and uncaught errors said. */
  readonly said: readonly string[];
  /** Addresses that were asked for, the page's own left out. */
  readonly asked: readonly string[];
}

export interface TestBrowser {
  /** Opens a file. */
  open(path: string, look?: { dark?: boolean; width?: number; scripts?: boolean }): Promise<OpenedPage>;
  close(): Promise<void>;
}

/**
 * A Chromium without a window, from the npm package that brings one: nothing is downloaded at run time. Throws where it cannot start, with what is
 * missing: a test that needs it fails there, and is never skipped.
 */
export async function startBrowser(): Promise<TestBrowser> {
  const browser = await launch();
  return {
    async open(path, { dark = false, width = 1_100, scripts = true } = {}) {
      const context = await browser.newContext({
        colorScheme: dark ? 'dark' : 'light',
        viewport: { width, height: 900 },
        javaScriptEnabled: scripts,
      });
      const page = await context.newPage();
      const said: string[] = [];
      const asked: string[] = [];
      const address = `file://${encodeURI(path)}`;
      page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => said.push(error.message));
      page.on('dialog', (dialog) => {
        said.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        if (request.url() !== address) asked.push(request.url());
      });
      await page.goto(address, { waitUntil: 'load' });
      return { page, said, asked };
    },
    close: () => browser.close(),
  };
}

async function launch(): Promise<Browser> {
  try {
    return await driver.launch({
      executablePath: await chromium.executablePath(),
      // As root there is no sandbox; pages here are our own.
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
      timeout: 120_000,
    });
  } catch (error) {
    throw new Error(
      'Chromium does not start. It comes with `npm ci` (@sparticuz/chromium, for Linux on x64) and needs the libraries libnss3, libnspr4 and libexpat1 of the system.',
      { cause: error },
    );
  }
}
