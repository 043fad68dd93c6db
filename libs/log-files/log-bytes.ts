/** The bytes of a log as they were before they were packed: what packed them is told by their first bytes. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { messageOf } from '#environment';
import { Bzip2 } from './bzip2.js';
import { LogRefused } from './log-refused.js';

const chunkBytes = 1 << 20;
const firstBytes = 6;

export interface LogBytes {
  /** Bytes of the file that were read so far, of the size that it has on disk. */
  readonly readBytes: () => number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What the first bytes of a file say of it. */
export type LogPacking = 'plain' | 'gzip' | 'zstd' | 'bzip2' | 'parquet';

const marks: readonly (readonly [LogPacking | string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['parquet', [0x50, 0x41, 0x52, 0x31]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
];

export async function packingOf(path: string): Promise<LogPacking> {
  const first = await firstBytesOf(path);
  const packing = marks.find(([, bytes]) => bytes.every((byte, at) => first[at] === byte))?.[0] ?? 'plain';
  switch (packing) {
    case 'plain':
    case 'gzip':
    case 'zstd':
    case 'bzip2':
    case 'parquet':
      return packing;
    default:
      throw new LogRefused(
        'packing-not-supported',
        `${path} is packed by ${packing}; read are plain text, gzip, zstd, bzip2 and Parquet: unpack it first`,
      );
  }
}

/**
 * A chunk is valid until the next but one. The chunks throw a `LogRefused` where the file is cut or
 * damaged.
 */
export async function openLogBytes(path: string): Promise<LogBytes> {
  const packing = await packingOf(path);
  if (packing === 'plain') return openPlain(path);
  if (packing === 'parquet') {
    throw new LogRefused('packing-not-supported', `${path} is Parquet, where lines of text are read`);
  }
  const file = createReadStream(path, { highWaterMark: chunkBytes });
  const unpacked = unpack(path, file, packing);
  return { readBytes: () => file.bytesRead, chunks: chunksOf(path, unpacked) };
}

/**
 * Reads into two buffers in turn, so that a large file costs no memory anew: a chunk is overwritten by
 * the one after the next.
 */
function openPlain(path: string): LogBytes {
  let read = 0;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    const file = await open(path);
    try {
      const buffers = [new Uint8Array(chunkBytes), new Uint8Array(chunkBytes)];
      for (let turn = 0; ; turn = 1 - turn) {
        const { bytesRead } = await file.read(buffers[turn], 0, chunkBytes);
        if (bytesRead === 0) return;
        read += bytesRead;
        yield buffers[turn].subarray(0, bytesRead);
      }
    } catch (cause) {
      throw new LogRefused('log-not-readable', `cannot read ${path} to its end: ${messageOf(cause)}`);
    } finally {
      await file.close();
    }
  };
  return { readBytes: () => read, chunks: chunks() };
}

async function firstBytesOf(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(firstBytes), 0, firstBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new LogRefused('log-not-found', `cannot read ${path}: ${messageOf(cause)}`);
  }
}

function unpack(path: string, file: Readable, packing: 'gzip' | 'bzip2' | 'zstd'): Readable {
  if (packing === 'gzip') return through(file, zlib.createGunzip({ chunkSize: chunkBytes }));
  if (packing === 'bzip2') return Readable.from(unpackBzip2(file));
  // Node has it from 22.15 on; the types are those of the oldest Node that runs this.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (createZstdDecompress === undefined) {
    const how = `Node ${process.version} cannot read zstd: use Node 22.15 or later, or unpack it first`;
    throw new LogRefused('packing-not-supported', `${path}: ${how}`);
  }
  return through(file, createZstdDecompress());
}

async function* unpackBzip2(file: Readable): AsyncGenerator<Uint8Array> {
  const bzip2 = new Bzip2();
  for await (const chunk of file) yield* bzip2.push(chunk as Uint8Array);
  yield* bzip2.end();
}

function through(file: Readable, transform: Transform): Readable {
  // The error of either is the error of what is read.
  pipeline(file, transform, () => {});
  return transform;
}

async function* chunksOf(path: string, unpacked: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of unpacked) yield chunk as Uint8Array;
  } catch (cause) {
    throw new LogRefused('log-not-readable', `cannot read ${path} to its end: ${messageOf(cause)}`);
  }
}
