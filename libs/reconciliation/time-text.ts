/** Times as logs write them: text to seconds since the epoch, by a format that is compiled once. */
import type { TimeColumn } from './mapping.js';

/** A time that cannot be read, or that no log of impressions holds. */
const noTime = 0;

/** Years of advertising on the internet, and what 32 bits hold. */
const earliestSeconds = 788_918_400;
const latestSeconds = 4_102_444_800;

/** Reads bytes[start, end) as seconds since the epoch, or `noTime`. */
export type ReadTime = (bytes: Uint8Array, start: number, end: number) => number;

export function openTimeReader({
  format,
  offsetMinutes,
}: Pick<TimeColumn, 'format' | 'offsetMinutes'>): ReadTime {
  const read = readerOf(format, offsetMinutes * 60);
  return (bytes, start, end) => {
    const seconds = read(bytes, start, end);
    return seconds >= earliestSeconds && seconds < latestSeconds ? seconds : noTime;
  };
}

function readerOf(format: string, offsetSeconds: number): ReadTime {
  if (format === 'epoch') return (bytes, start, end) => readEpoch(bytes, start, end, 1);
  if (format === 'epoch_ms') return (bytes, start, end) => readEpoch(bytes, start, end, 1_000);
  if (format === 'iso') return (bytes, start, end) => readIso(bytes, start, end, offsetSeconds);
  if (format === 'auto') return openAutoReader(offsetSeconds);
  return openPatternReader(format, offsetSeconds);
}

/** What the number of digits says: seconds, milliseconds, microseconds, or a date without marks. */
function openAutoReader(offsetSeconds: number): ReadTime {
  const dated = openPatternReader('%Y%m%d%H%M%S', offsetSeconds);
  const datedMs = openPatternReader('%Y%m%d%H%M%S%L', offsetSeconds);
  return (bytes, start, end) => {
    switch (digitsOf(bytes, start, end)) {
      case 10:
        return readEpoch(bytes, start, end, 1);
      case 13:
        return readEpoch(bytes, start, end, 1_000);
      case 14:
        return dated(bytes, start, end);
      case 16:
        return readEpoch(bytes, start, end, 1_000_000);
      case 17:
        return datedMs(bytes, start, end);
      default:
        return readIso(bytes, start, end, offsetSeconds);
    }
  };
}

/** Leading digits, where nothing but a fraction follows. */
function digitsOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isDigit(bytes[at])) at += 1;
  return at === end || bytes[at] === 46 ? at - start : 0;
}

function readEpoch(bytes: Uint8Array, start: number, end: number, perSecond: number): number {
  let value = 0;
  let at = start;
  for (; at < end && isDigit(bytes[at]); at++) value = value * 10 + (bytes[at] - 48);
  if (at === start || at - start > 18) return noTime;
  // A fraction of a second changes no hour.
  if (at < end && (bytes[at] !== 46 || numberAt(bytes, at + 1, end, end - at - 1) < 0)) return noTime;
  return Math.floor(value / perSecond);
}

/** 2013-06-06T12:44:17.888Z, with a blank for the T, without the fraction, with an offset or none. */
function readIso(bytes: Uint8Array, start: number, end: number, offsetSeconds: number): number {
  const number = (at: number, digits: number): number => numberAt(bytes, start + at, end, digits);
  const length = end - start;
  if (length < 16 || bytes[start + 4] !== 45 || bytes[start + 7] !== 45 || bytes[start + 13] !== 58)
    return noTime;
  if (bytes[start + 10] !== 84 && bytes[start + 10] !== 32) return noTime;
  const hasSeconds = bytes[start + 16] === 58 && length >= 19;
  const second = hasSeconds ? number(17, 2) : 0;
  let at = start + (hasSeconds ? 19 : 16);
  if (at < end && bytes[at] === 46) {
    at += 1;
    while (at < end && isDigit(bytes[at])) at += 1;
  }
  const offset = readOffset(bytes, at, end, offsetSeconds);
  if (Number.isNaN(offset)) return noTime;
  return secondsOf(number(0, 4), number(5, 2), number(8, 2), number(11, 2), number(14, 2), second, offset);
}

/** Z, +08:00, +0800, or nothing; NaN for anything else. */
function readOffset(bytes: Uint8Array, at: number, end: number, otherwise: number): number {
  if (at === end) return otherwise;
  if (bytes[at] === 90 && at + 1 === end) return 0;
  const sign = bytes[at] === 43 ? 1 : bytes[at] === 45 ? -1 : Number.NaN;
  const hours = numberAt(bytes, at + 1, end, 2);
  const mark = bytes[at + 3] === 58 ? 1 : 0;
  const minutes = at + 3 === end ? 0 : numberAt(bytes, at + 3 + mark, end, 2);
  return hours < 0 || minutes < 0 ? Number.NaN : sign * (hours * 3_600 + minutes * 60);
}

const digitsOfDirective: Readonly<Record<string, number>> = { Y: 4, m: 2, d: 2, H: 2, M: 2, S: 2, L: 3 };
const places = 'YmdHMS';

/** A format of directives: each has a fixed number of digits, everything else stands for itself. */
function openPatternReader(format: string, offsetSeconds: number): ReadTime {
  const steps: { readonly literal: number; readonly digits: number; readonly place: number }[] = [];
  const text = new TextEncoder().encode(format);
  for (let at = 0; at < text.length; at++) {
    const directive = text[at] === 37 ? String.fromCharCode(text[++at]) : '';
    const digits = digitsOfDirective[directive] ?? 0;
    steps.push({ literal: text[at], digits, place: places.indexOf(directive) });
  }
  const found = new Float64Array(places.length + 1);
  return (bytes, start, end) => {
    found.set([1970, 1, 1, 0, 0, 0]);
    let at = start;
    for (const { literal, digits, place } of steps) {
      if (digits === 0) {
        if (at >= end || bytes[at] !== literal) return noTime;
        at += 1;
        continue;
      }
      const value = numberAt(bytes, at, end, digits);
      if (value < 0) return noTime;
      found[place < 0 ? places.length : place] = value;
      at += digits;
    }
    if (at !== end) return noTime;
    return secondsOf(found[0], found[1], found[2], found[3], found[4], found[5], offsetSeconds);
  };
}

/** The number that so many digits at `at` write, or -1. */
function numberAt(bytes: Uint8Array, at: number, end: number, digits: number): number {
  if (at + digits > end) return -1;
  let value = 0;
  for (let one = at; one < at + digits; one++) {
    if (!isDigit(bytes[one])) return -1;
    value = value * 10 + (bytes[one] - 48);
  }
  return value;
}

function secondsOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  offsetSeconds: number,
): number {
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return noTime;
  // A leap second is the last second of its minute, as clocks of servers have it.
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return noTime;
  const days = daysSinceEpoch(year, month, day);
  return days * 86_400 + hour * 3_600 + minute * 60 + Math.min(second, 59) - offsetSeconds;
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

/** Of the Gregorian calendar; years begin in March, so that leap days are their last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    years * 365 + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) + ofYear - 719_468
  );
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
