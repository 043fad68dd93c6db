/** What the container files and the configuration page say of the apps is what the apps themselves read. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { refusals } from '#api';
import { builtFile } from '#environment/built-file';
import { httpLimits, shutdownMs } from '#nest/http-limits';
import { appEnvironments } from './app-environments.js';
import { type AppName, appNames, type Environment } from './app-process.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Environment;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

// Jest brings the parser; it knows the merge keys that the file uses.
const yaml = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };
const compose = yaml.load(read('docker/compose.yaml')) as ComposeFile;
const dockerfile = read('docker/Dockerfile');

/** `${NAME:?…}` as the operator's file fills it in. */
function filledIn(value: string): string {
  return String(value).replace(/\$\{(\w+)[^}]*\}/g, (_, name: string) => {
    const bytes = /KEY$|SECRET$/.test(name) ? 32 : 20;
    return `0x${'11'.repeat(bytes)}`;
  });
}

describe('the compose file', () => {
  it('has a container for every app', () => {
    const apps = Object.values(compose.services).flatMap(({ environment }) => environment?.APP ?? []);
    expect(apps.toSorted()).toEqual([...appNames].sort());
  });

  it.each(appNames)(
    'gives %s an environment that it starts with, and nothing that it does not read',
    (name) => {
      const { APP, ...given } = compose.services[name].environment ?? {};
      const { variables, required } = appEnvironments[name];
      expect(APP).toBe(name);
      expect(Object.keys(given).filter((variable) => !variables.includes(variable))).toEqual([]);
      expect(required.filter((variable) => given[variable] === undefined)).toEqual([]);
      const values = Object.entries(given).map(([variable, value]) => [variable, filledIn(value)]);
      expect(() => appEnvironments[name].read(Object.fromEntries(values))).not.toThrow();
    },
  );

  it('lets containers share what their apps share, and each keep its own state on a volume', () => {
    const given = (name: AppName) => compose.services[name].environment ?? {};
    expect(given('collator').RECORD_LOG).toBe(given('channel-node').RECORD_LOG);
    expect(given('validator').PART_STORE).toBe(given('collator').PART_STORE);
    const states = appNames.flatMap((name) => given(name).KEY_VALUE ?? []);
    expect(new Set(states).size).toBe(states.length);
    for (const name of appNames) {
      const places = Object.values(given(name)).filter((value) => /^(file:|\/)/.test(String(value)));
      expect(places.filter((place) => !/^(\w+:)?\/data\//.test(place))).toEqual([]);
      expect(compose.services[name].volumes).toEqual(['data:/data']);
    }
    expect(Object.keys(compose.volumes)).toContain('data');
  });

  it('publishes the ports on which apps listen', () => {
    for (const name of ['channel-node', 'validator'] as const) {
      const { ports, environment } = compose.services[name];
      expect(ports?.map((port) => port.split(':')[1])).toEqual([String(environment?.PORT)]);
    }
  });

  it('asks the operator for what its example file lists', () => {
    const asked = new Set([...read('docker/compose.yaml').matchAll(/\$\{(\w+)/g)].map((match) => match[1]));
    const listed = [...read('docker/organisation.env.example').matchAll(/^(\w+)=/gm)].map(
      (match) => match[1],
    );
    expect([...asked].sort()).toEqual(listed.sort());
  });

  it('runs commands that are in the image', () => {
    for (const { command, image } of Object.values(compose.services)) {
      expect(image).toBe('papyrus');
      const file = command?.find((word) => word.includes('/'));
      if (file !== undefined && !file.startsWith('-'))
        expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    }
  });
});

describe('the Dockerfile', () => {
  it('starts the main file of the app that APP names', () => {
    const main = /CMD \["sh", "-c", "exec node dist\/(\S+)"\]/.exec(dockerfile)?.[1];
    expect(main).toContain('${APP}');
    for (const name of appNames)
      expect(existsSync(builtFile(String(main).replace('${APP}', name)))).toBe(true);
    expect(appNames).toContain(/^ARG APP=(\S+)/m.exec(dockerfile)?.[1]);
  });

  it('copies what is there, all that containers run included', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      match[1].split(' '),
    );
    expect(copied.length).toBeGreaterThan(3);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const inDocker = Object.values(compose.services).flatMap(({ command }) =>
      (command ?? []).filter((word) => word.startsWith('docker/')),
    );
    expect(inDocker.filter((path) => !copied.includes(path))).toEqual([]);
    expect(dockerfile).toMatch(/HEALTHCHECK .*\bCMD \["node", "docker\/healthcheck\.mjs"\]/);
  });
});

describe('the configuration page', () => {
  const page = read('docs/reference/configuration.md');
  const sectionOf = (title: string): string => {
    const section = page.split(/^## /m).find((one) => one.startsWith(`${title}\n`));
    if (section === undefined) throw new Error(`no section ${title}`);
    return section;
  };
  /** Rows of a table by the variables in their first cell. */
  const rowsOf = (section: string): Map<string, string> =>
    new Map(
      [...section.matchAll(/^\| (`[A-Z][^|]+)\|(.+)\|$/gm)].flatMap(([, names, rest]) =>
        [...names.matchAll(/`(\w+)`/g)].map((match): [string, string] => [match[1], rest]),
      ),
    );
  const shared = rowsOf(sectionOf('Every app'));

  it('states the limits of the HTTP edge as they are', () => {
    const section = sectionOf('Limits of the HTTP edge');
    const { headersMs, requestMs, unreadMs, keepAliveMs, ...counts } = httpLimits;
    const stated = [headersMs, requestMs, unreadMs, keepAliveMs].map((ms) => `${ms / 1_000} s`);
    const cells = [...section.matchAll(/\| (\d+ s) \|/g)].map((match) => match[1]);
    expect(cells).toEqual(stated);
    expect(section).toContain(`| ${counts.requestsPerConnectionMax.toLocaleString('en')} |`);
    expect(section).toContain(`| ${counts.bodyBytesMax / 1_048_576} MiB |`);
    expect(section).toContain(`is served | ${counts.requestsWaitingMax} |`);
    expect(counts.checkMs).toBe(1_000);
    const { expected } = refusals['request-timeout'];
    expect(expected).toContain(
      `headers within ${headersMs / 1_000} seconds, its body within ${requestMs / 1_000}.`,
    );
    const { defaults } = appEnvironments['channel-node'];
    expect(defaults.get('CONNECTIONS_MAX')).toBe(String(counts.connectionsMax));
    expect(defaults.get('SHUTDOWN_SECONDS')).toBe(String(shutdownMs / 1_000));
  });

  it.each(appNames)('lists exactly what %s reads, which of it is required, and every default', (name) => {
    const rows = new Map([...shared, ...rowsOf(sectionOf(`\`${name}\``))]);
    const { variables, required, defaults } = appEnvironments[name];
    expect([...rows.keys()].sort()).toEqual([...variables].sort());
    const saidRequired = [...rows].filter(([, row]) => /^ required/.test(row)).map(([variable]) => variable);
    expect(saidRequired.sort()).toEqual([...required].sort());
    const wrong = [...defaults].filter(([variable, value]) => !rows.get(variable)?.includes(value));
    expect(wrong).toEqual([]);
    const secrets = [...rows].filter(([, row]) => row.includes('**secret**')).map(([variable]) => variable);
    expect(secrets.sort()).toEqual(variables.filter((variable) => /KEY$|SECRET$/.test(variable)).sort());
  });
});
