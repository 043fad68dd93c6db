/**
 * The log of a running process: JSON lines on stderr, so that stdout stays free for answers. Only here is
 * pino known.
 */
import { destination, pino } from 'pino';
import type { Log } from './log.js';

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * `name` tells apart the services that write to one terminal. Lines are written at once: a crash loses none.
 */
export function openPinoLog(options: { level: LogLevel; name?: string }): Log {
  const { level, name } = options;
  return pino(
    {
      level,
      name,
      base: name === undefined ? null : {},
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ dest: 2, sync: true }),
  );
}
