/** `type` of every problem leads somewhere: the service that sent it serves what it means. */
import { Module } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { problemOf, refusalCodes, refusals } from '#api';
import { silentLog } from '#environment';
import { type RunningHttpApp, startHttpApp } from './start-app.js';

@Module({})
class Nothing {}

let app: RunningHttpApp;
beforeAll(async () => {
  app = await startHttpApp(Nothing, { host: '127.0.0.1', port: 0, log: silentLog });
});
afterAll(() => app.close());

it.each(refusalCodes)('the type of %s is an anchor of a page that the service serves', async (code) => {
  const { type } = problemOf({ ok: false, code, detail: 'x' }, { instance: '/v1/x', requestId: '1' });
  const url = new URL(type, `${app.url}/v1/channels/0x12/records`);
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const text = await answer.text();
  const from = text.indexOf(`<section id="${url.hash.slice(1)}">`);
  const section = text.slice(from, text.indexOf('</section>', from));
  expect([url.hash, from > 0]).toEqual([`#${code}`, true]);
  expect(section.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')).toContain(
    refusals[code].advice,
  );
});

it('the page loads nothing', async () => {
  const answer = await fetch(`${app.url}/problems`);
  expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'unsafe-inline'");
  expect(await answer.text()).not.toMatch(/\bsrc=|url\(|@import|<link|<script/);
});
